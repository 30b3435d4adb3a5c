# SPDX-License-Identifier: Apache-2.0
"""ExaBGP's helper process: appends every message that it is told of to the file named."""
import sys

with open(sys.argv[1], "a", buffering=1) as out:
    for line in sys.stdin:
        out.write(line)
