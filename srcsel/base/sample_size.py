"""How many pictures are looked at where there are very many; help and forms name it before numpy is
there.
"""

import math

ALL_UP_TO = 50_000
"""Pictures up to which all are used; of more a sample is, unless all are asked for."""
POINTS = 0.5
"""Points of 100 within which a share of right guesses on the sample lies, 9 times in 10, of what
another sample would show."""
SIZE = math.ceil((1.645 * 50 / POINTS) ** 2)  # at a share of a half, where chance moves it most
