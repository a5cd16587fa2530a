€c__builtin__
bytes
Jÿÿÿ…R.