/* What the CPU says of itself, and its streams. */
#include "check.h"
#include "scanformer_backend.h"

void test_cpu_device() {
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
}
