/*
 * Checks every operation of scanformer.h and scanformer_cpu.h against slow, obvious loops in double precision, on
 * each instruction set of this CPU. Shapes are random; the seed is printed, and taken as an argument to repeat a run.
 */
#include "check.h"
#include "scanformer_cpu.h"

namespace {

bool create(int threads, int isa, sf_stream** stream) {
    const int status = sf_stream_create(tested_backend, 0, threads, isa, stream);
    if (status == SF_UNSUPPORTED && isa > 1) {
        std::printf("this CPU lacks instruction set %d; its kernels are not tested\n", isa);
        return false;
    }
    check_equal(status, static_cast<int>(SF_OK), "sf_stream_create");
    return status == SF_OK;
}

void run(sf_stream* stream, const std::string& on, const char* name, void (*test)(sf_stream*)) {
    context = on + name;
    test(stream);
}

}  // namespace

int main(int argc, char** argv) {
    const uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : std::random_device()();
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    generator.seed(seed);
    tested_backend = sf_cpu_backend();
    context = "device";
    test_cpu_device();
    context = "team";
    test_team();
    for (const int isa : {1, 3, 4}) {
        for (const int threads : {1, 2}) {
            sf_stream* stream = nullptr;
            if (!create(threads, isa, &stream)) continue;
            const std::string on = "isa " + std::to_string(isa) + ", " + std::to_string(threads) + " threads, ";
            run(stream, on, "layer norm", test_layer_norm);
            run(stream, on, "attention", test_attention);
            run(stream, on, "attention at extremes", test_attention_extremes);
            run(stream, on, "pyramid", test_pyramid);
            run(stream, on, "patches", test_patches);
            run(stream, on, "embeddings", test_embeddings);
            run(stream, on, "memory", test_memory);
            run(stream, on, "refusals", test_refusals);
            run(stream, on, "unsupported", test_unsupported);
            run(stream, on, "limits", test_limits);
            run(stream, on, "hostile arguments", test_hostile);
            sf_stream_destroy(stream);
        }
    }
    /* By our own kernel where there is one, and by oneDNN, which chooses its instructions itself. */
    for (const auto& [isa, threads] : {std::pair(1, 2), std::pair(4, 1), std::pair(4, 5)}) {
        sf_stream* stream = nullptr;
        if (!create(threads, isa, &stream)) continue;
        run(stream, "isa " + std::to_string(isa) + ", " + std::to_string(threads) + " threads, ", "linear",
            test_linear);
        sf_stream_destroy(stream);
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
