/* The tests of the CUDA backend as a whole. */
#ifndef SCANFORMER_TEST_BACKEND_GROUPS_H
#define SCANFORMER_TEST_BACKEND_GROUPS_H

/* Runs all groups on a stream of device 0, or the one of that name. */
void test_backend(const char* only = nullptr);

#endif
