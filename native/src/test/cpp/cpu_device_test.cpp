/* What the CPU says of itself, its streams, and sizes whose products no int holds. */
#include <stdlib.h>
#include <sys/mman.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "../../cpu/memory.h"
#include "check.h"
#include "scanformer_backend.h"

namespace {

/* A grid of positions whose last one is past what an int counts to; only what is read of it takes memory. */
void test_large_position_grid() {
    const int stored = 46342;
    const size_t count = static_cast<size_t>(stored) * stored + 1;
    void* memory = mmap(nullptr, count * sizeof(float), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check(memory != MAP_FAILED, "the system maps a large array");
    if (memory == MAP_FAILED) return;
    auto* position = static_cast<float*>(memory);
    position[count - 1] = 3;
    Table<sf_grid> grid(1);
    grid[0].rows = grid[0].cols = 2;
    grid[0].selected = 1;
    const Table<int32_t> indices = {3, 0, 0, 0};
    const Table<float> zero = {0};
    Array<float> x(3);
    sf_stream* stream = nullptr;
    check_equal(sf_stream_create(tested_backend, 0, 1, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    check_ok(stream,
             sf_embed_patches(stream, grid.data(), 1, 1, 1, zero.data(), indices.data(), zero.data(), position, stored,
                              zero.data(), zero.data(), zero.data(), x.data()),
             "sf_embed_patches");
    check_equal(x[1], 3.0f, "the position of the last patch of a large grid");
    sf_stream_destroy(stream);
    munmap(memory, count * sizeof(float));
}

/* A control group's files, as the kernel writes them. */
void test_group_memory() {
    char directory[] = "/tmp/scanformer-group-XXXXXX";
    check(mkdtemp(directory) != nullptr, "a directory for a control group");
    const std::string group = directory;
    const int64_t none = std::numeric_limits<int64_t>::max();
    const auto write = [&](const char* name, const std::string& text) { std::ofstream(group + name) << text; };
    check_equal(group_memory_available(group), none, "no control group");
    write("/memory.max", "max\n");
    write("/memory.current", "5000\n");
    check_equal(group_memory_available(group), none, "a control group without a limit");
    write("/memory.max", "8000\n");
    check_equal(group_memory_available(group), int64_t{3000}, "a limit, and no statistics");
    write("/memory.stat", "anon 1200\nfile 3700\ninactive_anon 1200\ninactive_file 2000\nactive_file 1700\nslab 100\n");
    check_equal(group_memory_available(group), int64_t{6700}, "a limit, with files in memory");
    write("/memory.current", "9000\n");
    write("/memory.stat", "inactive_file 100\n");
    check_equal(group_memory_available(group), int64_t{0}, "more than the limit in use");
    write("/memory.stat", "inactive_file 10000\n");
    check_equal(group_memory_available(group), int64_t{8000}, "no more than the limit");
    std::filesystem::remove_all(group);
}

}  // namespace

void test_cpu_device() {
    test_group_memory();
    char report[512];
    check_equal(sf_probe(tested_backend, 0, report, sizeof report), static_cast<int>(SF_OK), "sf_probe");
    check(std::strstr(report, "isa=") != nullptr, "the report names the instruction set");
    char cut[5];
    check_equal(sf_probe(tested_backend, 0, cut, sizeof cut), static_cast<int>(SF_OK), "sf_probe with a short report");
    check_equal(std::strlen(cut), sizeof cut - 1, "length of a report that was cut");
    check_equal(sf_probe(tested_backend, 1, report, sizeof report), static_cast<int>(SF_UNSUPPORTED),
                "sf_probe of another device");
    check(report[0] != '\0', "the report says why a device cannot be used");
    check_equal(sf_probe(tested_backend, 0, nullptr, 10), static_cast<int>(SF_INVALID_ARGUMENT),
                "sf_probe without a report");
    sf_stream* stream = nullptr;
    check_equal(sf_stream_create(tested_backend, 0, 0, 0, &stream), static_cast<int>(SF_OK),
                "sf_stream_create with defaults");
    check_equal(std::strlen(sf_error(stream)), size_t{0}, "the message of a new stream");
    sf_stream_destroy(stream);
    sf_stream_destroy(nullptr);
    const int bad[][3] = {{1, 1, 0}, {0, -1, 0}, {0, 1, 2}, {0, 1, 5}, {0, 1, -1}};
    for (const auto& b : bad) {
        check(sf_stream_create(tested_backend, b[0], b[1], b[2], &stream) != SF_OK && stream == nullptr,
              "an invalid stream");
    }
    check_equal(sf_stream_create(tested_backend, 0, 1, 0, nullptr), static_cast<int>(SF_INVALID_ARGUMENT),
                "no place for a stream");
    check_equal(sf_stream_create(nullptr, 0, 1, 0, &stream), static_cast<int>(SF_INVALID_ARGUMENT), "no backend");
    check_equal(sf_probe(nullptr, 0, report, sizeof report), static_cast<int>(SF_INVALID_ARGUMENT), "no backend");
    check(report[0] != '\0', "the report says that there is no backend");
    sf_backend other = *tested_backend;
    other.bytes -= 8;
    check_equal(sf_stream_create(&other, 0, 1, 0, &stream), static_cast<int>(SF_INVALID_ARGUMENT), "another version");
    check_equal(sf_probe(&other, 0, report, sizeof report), static_cast<int>(SF_INVALID_ARGUMENT), "another version");
    test_large_position_grid();
}
