"""`ahize doctor`: looks at everything the service stands on, changes nothing, and says what to mend."""
