/*
 * The kernels' tests on CUDA device 0, with arrays and tables in pinned host memory, which the device reaches under the
 * same addresses, or with --plain in memory of cudaMalloc, copied to and fro. Takes a seed, with --only or
 * --except the name of one group, and with --brief few cases of each, for tools that check every access. Exits with 77
 * where there is no usable device, having said why. The same on the emulated device shows that the tests' own copies
 * are right.
 *
 * A fault ends all that a process does on a device. So a group that ends the process, or leaves a stream that only
 * fails, is a failure, and another process goes on with the next one. Nothing of CUDA is called before the processes
 * part. With --brief there is one process, which such tools follow.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "backend_groups.h"
#include "check.h"
#include "plain_memory.h"
#include "scanformer_cuda.h"

#ifdef SF_EMULATION
#include "emulation.h"
#include "runtime.h"
#else
#include <cuda_runtime_api.h>
#endif

namespace {

constexpr int kNoDevice = 77, kFault = 78;

struct Options {
    bool plain = false;
    const char *only = nullptr, *except = nullptr;
    uint64_t seed = std::random_device()();
};

/* What the processes share. */
struct Progress {
    size_t group;
    int passed, failed, kernels;
};

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        if (argument == "--plain") {
            options.plain = true;
        } else if (argument == "--brief") {
            brief = true;
        } else if (argument == "--only" && i + 1 < argc) {
            options.only = argv[++i];
        } else if (argument == "--except" && i + 1 < argc) {
            options.except = argv[++i];
        } else if (!argument.empty() && argument.find_first_not_of("0123456789") == std::string::npos) {
            options.seed = std::strtoull(argv[i], nullptr, 10);
        } else {
            std::fprintf(stderr, "usage: %s [--plain] [--brief] [--only GROUP] [--except GROUP] [SEED]\n", argv[0]);
            return false;
        }
    }
    return true;
}

void choose_memory(bool plain) {
    if (plain) return use_plain_memory();
    allocate_shared = [](size_t bytes) -> void* {
        void* memory = nullptr;
        return cudaHostAlloc(&memory, bytes == 0 ? 1 : bytes, cudaHostAllocDefault) == cudaSuccess ? memory : nullptr;
    };
    free_shared = [](void* memory) { (void)cudaFreeHost(memory); };
}

/* Runs the groups from progress.group on; returns the exit status of a process that does. */
int run_groups(const Options& options, Progress& progress) {
    choose_memory(options.plain);
    sf_stream* stream = open_tested_backend();
    const auto& groups = backend_groups();
    for (; stream != nullptr && progress.group < groups.size(); progress.group++) {
        const TestGroup& group = groups[progress.group];
        if (options.only != nullptr && std::strcmp(options.only, group.name) != 0) continue;
        if (options.except != nullptr && std::strcmp(options.except, group.name) == 0) continue;
        generator.seed(options.seed + progress.group);
        std::printf("-- %s\n", group.name);
        const int passed_before = passed, failed_before = failed;
        const auto begin = std::chrono::steady_clock::now();
        run_group(group, stream);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        const bool lost = sf_synchronize(stream) == SF_DEVICE_ERROR && sf_synchronize(stream) == SF_DEVICE_ERROR;
        if (lost) check(false, std::string("the device is lost: ") + sf_error(stream));
        progress.passed += passed - passed_before;
        progress.failed += failed - failed_before;
        std::printf("-- %s: %d passed, %d failed, %.2f s\n", group.name, passed - passed_before, failed - failed_before,
                    seconds.count());
        if (lost) return kFault;
    }
    if (stream == nullptr) {
        progress.failed++;
        progress.group = groups.size();
    }
    sf_stream_destroy(stream);
#ifdef SF_EMULATION
    progress.kernels = emulation::kernels_run();
#endif
    return 0;
}

/* Whether there is a device; tells of it. */
int probe() {
    char report[1024];
    if (sf_probe(sf_cuda_backend(), 0, report, sizeof report) != SF_OK) {
        std::printf("skipped: %s\n", report);
        return kNoDevice;
    }
    std::printf("%s\n", report);
    return 0;
}

/* Runs `body` in a process of its own; returns its status, negative for a signal. */
template <typename Body>
int in_process(const Body& body) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        const int status = body();
        std::fflush(stdout);
        _exit(status);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        std::perror("a process of its own");
        std::exit(1);
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options)) return 2;
    /* What was said before a process ended is not lost. */
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    void* shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 1;
    Progress& progress = *new (shared) Progress();
    const auto& groups = backend_groups();
    bool first = true;
    const auto run = [&] {
        const int usable = first ? probe() : 0;
        if (usable != 0) return usable;
        if (first) {
            std::printf("seed %llu, arrays in %s memory\n", static_cast<unsigned long long>(options.seed),
                        options.plain ? "device" : "pinned");
        }
        return run_groups(options, progress);
    };
    while (progress.group < groups.size()) {
        const int status = brief ? run() : in_process(run);
        if (status == kNoDevice) return kNoDevice;
        first = false;
        if (status == 0) continue;
        if (status != kFault) {
            progress.failed++;
            std::printf("FAILED %s: it ended the process, %s %d\n", groups[progress.group].name,
                        status < 0 ? "by signal" : "with status", status < 0 ? -status : status);
        }
        if (brief) break;
        progress.group++;
    }
    std::printf("%d passed, %d failed\n", progress.passed, progress.failed);
#ifdef SF_EMULATION
    std::printf("%d kernels ran\n", progress.kernels);
#endif
    return progress.failed == 0 && progress.passed > 0 ? 0 : 1;
}
