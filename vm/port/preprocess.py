"""Runs the preprocessor over C files, one after the other: MicroPython's build gives several at once, zig takes one.

preprocess.py COMPILER ... -- as the build calls it, with options and files in any order; ``-`` is the standard input.
"""

import subprocess
import sys
import tempfile


def main() -> None:
    """The command line."""
    options = [word for word in sys.argv[1:] if word != "-" and not word.endswith(".c")]
    sources = [word for word in sys.argv[1:] if word.endswith(".c")]
    with tempfile.NamedTemporaryFile(suffix=".c") as file:
        if "-" in sys.argv:
            file.write(sys.stdin.buffer.read())
            file.flush()
            sources.append(file.name)
        for source in sources:
            result = subprocess.run([*options, "-E", source], check=False)
            if result.returncode:
                sys.exit(result.returncode)


if __name__ == "__main__":
    main()
