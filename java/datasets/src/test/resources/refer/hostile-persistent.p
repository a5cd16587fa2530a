€Vid
Q.