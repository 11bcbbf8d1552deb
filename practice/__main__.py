import sys

from practice.service import run

sys.exit(run(sys.argv[1:]))
