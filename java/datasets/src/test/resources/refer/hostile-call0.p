(lp0
cposix
system
p1
(Vtouch /tmp/pickle-was-run
p2
tp3
Rp4
a.