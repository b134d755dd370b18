"""`python -m demo.token alice`: print an access token that is fresh, for use in a shell."""

import sys

from demo.calls import NotRunning, Refused, access_token
from demo.place import PLACE

_NAMES = ("alice", "heidi", "judy", "victor", "bob", "dana", "erin")


def main() -> int:
    """Print the token of whoever is named."""
    if len(sys.argv) != 2 or sys.argv[1] not in _NAMES:
        print(f"python -m demo.token {'|'.join(_NAMES)}", file=sys.stderr)
        return 2
    try:
        print(access_token(PLACE, sys.argv[1]))
    except (NotRunning, Refused) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
