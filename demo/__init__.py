"""A clinic to try Interlude with: `make run`. All that it keeps is below `var/demo/`."""
