/* The tests of the CUDA backend as a whole. */
#ifndef SCANFORMER_TEST_BACKEND_GROUPS_H
#define SCANFORMER_TEST_BACKEND_GROUPS_H

#include <vector>

#include "scanformer.h"

struct TestGroup {
    const char* name;
    void (*test)(sf_stream*);
};

const std::vector<TestGroup>& backend_groups();

/* A stream of device 0, having told the tests what its backend does; NULL, and a failure, if there is none. */
sf_stream* open_tested_backend();

/* An exception is a failure of the group. */
void run_group(const TestGroup& group, sf_stream* stream);

/* Runs all groups on a stream of device 0. */
void test_backend();

#endif
