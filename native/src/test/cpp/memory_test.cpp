/* Memory, copies and errors of a stream, on any backend. */
#include "check.h"

void test_memory(sf_stream* stream) {
    for (const int64_t bytes : {int64_t{1}, int64_t{1000}, int64_t{3} << 20}) {
        void* memory = nullptr;
        check_ok(stream, sf_allocate(stream, bytes, &memory), "sf_allocate");
        std::vector<unsigned char> content(static_cast<size_t>(bytes), 1);
        check_ok(stream, sf_download(stream, memory, 0, content.data(), bytes), "sf_download of all");
        check_equal(std::count(content.begin(), content.end(), 0), static_cast<std::ptrdiff_t>(bytes), "zeroed bytes");
        check(reinterpret_cast<uintptr_t>(memory) % 64 == 0, "memory is aligned");
        const unsigned char sent = 7;
        unsigned char received = 0;
        check_ok(stream, sf_upload(stream, memory, bytes - 1, &sent, 1), "sf_upload");
        check_ok(stream, sf_download(stream, memory, bytes - 1, &received, 1), "sf_download");
        check_equal(static_cast<int>(received), 7, "a byte sent and received");
        check_refused(stream, sf_upload(stream, memory, -1, &sent, 1), SF_INVALID_ARGUMENT, "sf_upload",
                      "a negative offset");
        check_refused(stream, sf_upload(stream, memory, 0, nullptr, 1), SF_INVALID_ARGUMENT, "sf_upload", "no source");
        check_refused(stream, sf_download(stream, memory, 0, &received, -1), SF_INVALID_ARGUMENT, "sf_download",
                      "negative bytes");
        check_refused(stream, sf_download(stream, nullptr, 1, &received, 1), SF_INVALID_ARGUMENT, "sf_download",
                      "no memory");
        check_ok(stream, sf_upload(stream, memory, 0, nullptr, 0), "an upload of nothing");
        check_ok(stream, sf_free(stream, memory, bytes), "sf_free");
    }
    for (const int64_t bytes : {int64_t{0}, int64_t{-1}}) {
        void* memory = &stream;
        check_refused(stream, sf_allocate(stream, bytes, &memory), SF_INVALID_ARGUMENT, "sf_allocate", "no size");
        check(memory == nullptr, "memory is NULL on failure");
    }
    void* memory = &stream;
    check_refused(stream, sf_allocate(stream, int64_t{1} << 60, &memory), SF_OUT_OF_MEMORY, "sf_allocate",
                  "an absurd size");
    check(memory == nullptr, "memory is NULL on failure");
    check_refused(stream, sf_allocate(stream, 64, nullptr), SF_INVALID_ARGUMENT, "sf_allocate", "no place for memory");
    check_ok(stream, sf_free(stream, nullptr, 64), "sf_free of NULL");
    int64_t available = 0;
    check_ok(stream, sf_memory_available(stream, &available), "sf_memory_available");
    check(available > 0, "memory is available");
    check_refused(stream, sf_memory_available(stream, nullptr), SF_INVALID_ARGUMENT, "sf_memory_available",
                  "no place for it");
    check_ok(stream, sf_synchronize(stream), "sf_synchronize");
    check_equal(std::strlen(sf_error(nullptr)), size_t{0}, "the message of no stream");
    check_equal(sf_synchronize(nullptr), static_cast<int>(SF_INVALID_ARGUMENT), "no stream");
    check_equal(sf_compact_patches(nullptr, nullptr, 0, nullptr, nullptr, nullptr),
                static_cast<int>(SF_INVALID_ARGUMENT), "an operation without a stream");
}
