/*
 * The CUDA kernels' own source, run by the emulation of the device, against the loops in double precision that the
 * CPU's operations are tested with. Shapes are random; the seed is printed, and taken as an argument to repeat a run.
 */
#include "backend_groups.h"
#include "check.h"
#include "emulation.h"

void test_emulation();
void test_filters();
void test_graphs();

int main(int argc, char** argv) {
    const uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : std::random_device()();
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    generator.seed(seed);
    emulation::set_seed(seed);
    context = "emulation";
    test_emulation();
    context = "filters";
    test_filters();
    test_backend();
    /* Calls are waited for from here on: tables are on the device. */
    context = "graphs";
    test_graphs();
    check_equal(emulation::live_graphs(), 0, "graphs that are left");
    check_equal(emulation::live_conditions(), 0, "conditions that are left");
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
