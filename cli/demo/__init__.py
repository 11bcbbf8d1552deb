"""A filled example centre on a practice exchange: what `ahize demo` shows."""
