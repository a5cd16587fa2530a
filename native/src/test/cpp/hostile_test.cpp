/* Hostile arguments for streams, memory and images; hostile_tables_test.cpp has the operations with tables. */
#include "hostile.h"

#include <cfloat>
#include <limits>

void hostile_memory(sf_stream* stream) {
    constexpr int kBytes = 256;
    void* device = nullptr;
    check_equal(sf_allocate(stream, kBytes, &device), static_cast<int>(SF_OK), "sf_allocate");
    for (int round = 0; round < hostile_rounds(); round++) {
        Array<char> host(kBytes);
        char* memory = static_cast<char*>(device);
        char* own = host.data();
        int64_t offset = random_int(0, 64), bytes = random_int(0, 128);
        spoil(memory);
        spoil(own);
        spoil(offset);
        spoil(bytes);
        Outcome expected = Outcome::kFine;
        if (offset < 0 || bytes < 0 || (bytes > 0 && (memory == nullptr || own == nullptr)) ||
            static_cast<__int128>(offset) + bytes > INT64_MAX) {
            expected = Outcome::kRefused;
        } else if (bytes > 0 && (outside(offset, bytes, kBytes) || bytes > kBytes)) {
            expected = Outcome::kLie;
        }
        check_outcome(
            stream, expected, "sf_download", [&] { return sf_download(stream, memory, offset, own, bytes); },
            [&] { return host.untouched(); });
        check_outcome(
            stream, expected, "sf_upload", [&] { return sf_upload(stream, memory, offset, own, bytes); },
            [&] { return host.untouched(); });
        const int64_t sizes[] = {INT64_MIN, -1, 0, int64_t{1} << 60, INT64_MAX - 63, INT64_MAX};
        const int64_t size = one_of(sizes);
        void* refused = &host;
        check_equal(sf_allocate(stream, size, random_int(0, 3) == 0 ? nullptr : &refused) == SF_OK, false,
                    "sf_allocate of " + std::to_string(size) + " bytes");
        int devices[] = {0, 0, 0}, threads = 1, isa = 0;
        for (int& index : devices) spoil(index);
        spoil(threads);
        spoil(isa);
        char report[64];
        int capacity = sizeof report;
        spoil(capacity);
        if (capacity <= static_cast<int>(sizeof report)) {
            const int status = sf_probe(tested_backend, devices[0], report, capacity);
            const bool usable = status == SF_OK && devices[0] == 0;
            check(usable || (capacity < 1 ? status == SF_INVALID_ARGUMENT : status == SF_UNSUPPORTED), "sf_probe");
            check(capacity < 1 || std::memchr(report, 0, static_cast<size_t>(capacity)) != nullptr,
                  "the report of sf_probe ends in its place");
        }
        if (threads > 4 && threads <= SF_MAX_THREADS) continue;
        sf_stream* created = stream;
        const int status = sf_stream_create(tested_backend, devices[1], threads, isa, &created);
        check((status == SF_OK) == (created != nullptr), "sf_stream_create gives a stream, or says why not");
        if (threads < 0 || threads > SF_MAX_THREADS || devices[1] < 0 || isa < 0 || isa > 4 || isa == 2) {
            check_equal(status, static_cast<int>(SF_INVALID_ARGUMENT), "sf_stream_create");
        }
        sf_stream_destroy(created);
    }
    check_equal(sf_free(stream, device, kBytes), static_cast<int>(SF_OK), "sf_free");
}

namespace {

/* Bytes of a row of a plane, as scanformer.h says; 0 for a plane that the format lacks. */
int64_t plane_row(int format, int plane, int64_t width) {
    const int64_t pairs = (width + 1) / 2;
    if (format == SF_YUYV || format == SF_UYVY) return plane == 0 ? 4 * pairs : 0;
    if (format == SF_I420) return plane == 0 ? width : pairs;
    if (format == SF_NV12 || format == SF_NV21) return plane == 0 ? width : plane == 1 ? 2 * pairs : 0;
    if (format == SF_P010) return plane == 0 ? 2 * width : plane == 1 ? 4 * pairs : 0;
    const int64_t bytes = format == SF_GRAY ? 1 : format == SF_RGB || format == SF_BGR ? 3 : 4;
    return plane == 0 ? bytes * width : 0;
}

int64_t plane_rows(int format, int plane, int64_t height) {
    return plane == 0 || format < SF_NV12 ? height : (height + 1) / 2;
}

/* Of the image alone; `bytes` are those of each plane. */
Outcome of_image(const sf_image& image, const size_t* bytes) {
    if (image.format < SF_RGB || image.format > SF_P010 || image.width < 1 || image.height < 1)
        return Outcome::kRefused;
    if (image.format >= SF_NV12 && (image.color < 0 || image.color > SF_BT709_FULL)) return Outcome::kRefused;
    Outcome result = Outcome::kFine;
    for (int p = 0; p < 3; p++) {
        const int64_t row = plane_row(image.format, p, image.width);
        if (row == 0) continue;
        if (image.planes[p] == 0 || image.strides[p] < row) return Outcome::kRefused;
        const __int128 last = static_cast<__int128>(plane_rows(image.format, p, image.height) - 1) * image.strides[p];
        if (last + row > static_cast<__int128>(bytes[p])) result = Outcome::kLie;
    }
    return result;
}

}  // namespace

void hostile_pyramid(sf_stream* stream) {
    for (int round = 0; round < hostile_rounds(); round++) {
        sf_image image = {};
        image.width = random_int(1, 9);
        image.height = random_int(1, 5);
        image.format = random_int(SF_RGB, SF_P010);
        image.color = random_int(SF_BT601_LIMITED, SF_BT709_FULL);
        size_t bytes[3];
        for (int p = 0; p < 3; p++) {
            image.strides[p] = plane_row(image.format, p, image.width);
            bytes[p] = static_cast<size_t>(image.strides[p] * plane_rows(image.format, p, image.height));
        }
        Array<uint8_t> planes[] = {Array<uint8_t>(bytes[0]), Array<uint8_t>(bytes[1]), Array<uint8_t>(bytes[2])};
        for (size_t p = 0; p < 3; p++) {
            image.planes[p] = bytes[p] == 0 ? uint64_t{0xdead} : reinterpret_cast<uint64_t>(planes[p].data());
            if (chosen()) image.planes[p] = 0;
            spoil(image.strides[p]);
        }
        spoil(image.width);
        spoil(image.height);
        spoil(image.format);
        spoil(image.color);
        int patch = random_int(1, 3), scales = random_int(1, 3), rows0 = random_int(1, 2), cols0 = random_int(1, 2);
        Array<float> canvas([&] {
            size_t size = 0;
            for (int s = 0; s < scales; s++) size += static_cast<size_t>(3 * (rows0 * cols0 * patch * patch) << 2 * s);
            return size;
        }());
        spoil(patch);
        spoil(scales);
        spoil(rows0);
        spoil(cols0);
        Table<float> numbers(6, 0.5f);
        for (float& number : numbers) spoil(number);
        const sf_image* image_at = &image;
        const float *mean = numbers.data(), *std = numbers.data() + 3;
        float* to = canvas.data();
        spoil(image_at);
        spoil(mean);
        spoil(std);
        spoil(to);
        Outcome expected = Outcome::kRefused;
        if (!unusable(image_at, mean, std, to) && patch >= 1 && patch <= SF_MAX_PATCH && scales >= 1 &&
            scales <= SF_MAX_SCALES && rows0 >= 1 && cols0 >= 1 &&
            static_cast<__int128>(std::max(rows0, cols0)) * patch << (scales - 1) <= SF_MAX_CANVAS_SIDE) {
            __int128 size = 0;
            for (int s = 0; s < scales; s++) {
                size += 3 * (static_cast<__int128>(rows0) * cols0 * patch * patch << 2 * s);
            }
            expected = of_image(image, bytes);
            const bool small = size <= static_cast<__int128>(canvas.size());
            if (expected == Outcome::kFine && !small) expected = Outcome::kLie;
        }
        check_outcome(
            stream, expected, "sf_build_pyramid",
            [&] { return sf_build_pyramid(stream, image_at, patch, scales, rows0, cols0, mean, std, to); },
            [&] { return canvas.untouched(); });
    }
}

namespace {

/* Every function without a stream. */
void without_stream() {
    int64_t number = 0;
    void* memory = &number;
    const int refused[] = {
        sf_synchronize(nullptr),
        sf_memory_available(nullptr, &number),
        sf_allocate(nullptr, 64, &memory),
        sf_free(nullptr, nullptr, 0),
        sf_upload(nullptr, nullptr, 0, nullptr, 0),
        sf_download(nullptr, nullptr, 0, nullptr, 0),
        sf_build_pyramid(nullptr, nullptr, 1, 1, 1, 1, nullptr, nullptr, nullptr),
        sf_compact_patches(nullptr, nullptr, 0, nullptr, nullptr, nullptr),
        sf_gather_patches(nullptr, nullptr, 0, 0, 1, nullptr, nullptr, SF_F32, nullptr),
        sf_embed_text(nullptr, 0, 1, nullptr, nullptr, nullptr, nullptr, 0, nullptr, 0, nullptr, nullptr, nullptr, 0,
                      nullptr, nullptr),
        sf_embed_patches(nullptr, nullptr, 0, 0, 1, nullptr, nullptr, nullptr, nullptr, 1, nullptr, nullptr, nullptr,
                         nullptr),
        sf_residual_layer_norm(nullptr, 0, 1, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, SF_F32, nullptr),
        sf_append_kv(nullptr, nullptr, 0, 0, 1, 1, 0, SF_F32, nullptr, nullptr, nullptr, nullptr),
        sf_attention(nullptr, nullptr, 0, 0, 0, nullptr, 0, 1, 1, 0, SF_F32, nullptr, SF_F32, nullptr),
        sf_select_patches(nullptr, nullptr, nullptr, 0, nullptr, nullptr, nullptr),
        sf_stream_create(nullptr, 0, 0, 0, nullptr),
        sf_probe(nullptr, 0, nullptr, 0)};
    for (const int status : refused) check_equal(status, static_cast<int>(SF_INVALID_ARGUMENT), "without a stream");
    check(memory == nullptr, "sf_allocate without a stream sets *memory");
    check_equal(sf_kv_bytes(nullptr, 1, 1, 1, SF_F32), int64_t{0}, "sf_kv_bytes without a stream");
    check(sf_error(nullptr)[0] == '\0', "sf_error without a stream");
    check(sf_layout()[0] != '\0', "sf_layout");
    sf_stream_destroy(nullptr);
}

}  // namespace

void test_hostile(sf_stream* stream) {
    without_stream();
    hostile_memory(stream);
    hostile_pyramid(stream);
    hostile_patches(stream);
    hostile_tokens(stream);
    hostile_encoder(stream);
}
