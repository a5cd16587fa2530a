/* The image pyramid. */
#include <sys/resource.h>

#include <algorithm>
#include <deque>

#include "check.h"

namespace {

struct Tap {
    int source;
    double weight;
};

/* The triangle filter of output i, whose support widens with the reduction. */
std::vector<Tap> taps(int i, int in, int out) {
    const double scale = static_cast<double>(in) / out;
    const double support = std::max(scale, 1.0);
    const double center = scale * (i + 0.5);
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), in);
    std::vector<Tap> result;
    double total = 0;
    for (int j = first; j < last; j++) {
        result.push_back({j, std::max(0.0, 1 - std::fabs((j - center + 0.5) / support))});
        total += result.back().weight;
    }
    for (Tap& tap : result) tap.weight /= total;
    return result;
}

/* Bytes of a pixel in plane 0. */
int bytes_of(int format) {
    if (format == SF_RGBA || format == SF_BGRA) return 4;
    if (format <= SF_BGR) return 3;
    return format == SF_YUYV || format == SF_UYVY || format == SF_P010 ? 2 : 1;
}

/* Where the byte of a colour (0 red, 1 green, 2 blue) is in a packed pixel. */
int colour_byte(int format, int colour) {
    if (format == SF_GRAY) return 0;
    return format == SF_BGR || format == SF_BGRA ? 2 - colour : colour;
}

/* A random image, with what its pixels are. */
struct TestImage {
    sf_image image = {};
    std::deque<Array<uint8_t>> planes; /* arrays do not move */

    TestImage(int width, int height, int format) {
        image.width = width;
        image.height = height;
        image.format = format;
        image.color = random_int(0, 3);
        const int pairs = (width + 1) / 2, rows = (height + 1) / 2;
        if (format == SF_YUYV || format == SF_UYVY) {
            add_plane(4 * pairs, height);
        } else {
            add_plane(width * bytes_of(format), height);
        }
        if (format == SF_NV12 || format == SF_NV21) add_plane(2 * pairs, rows);
        if (format == SF_P010) add_plane(4 * pairs, rows);
        for (int p = 1; format == SF_I420 && p < 3; p++) add_plane(pairs, rows);
        for (size_t p = 0; p < planes.size(); p++) image.planes[p] = reinterpret_cast<uint64_t>(planes[p].data());
    }

    double value(int x, int y, int colour) const {
        if (image.format < SF_NV12) {
            return at(0, x * bytes_of(image.format) + colour_byte(image.format, colour), y);
        }
        double luma = 0, cb = 0, cr = 0;
        const int pair = x / 2;
        switch (image.format) {
            case SF_NV12:
                luma = at(0, x, y), cb = at(1, 2 * pair, y / 2), cr = at(1, 2 * pair + 1, y / 2);
                break;
            case SF_NV21:
                luma = at(0, x, y), cr = at(1, 2 * pair, y / 2), cb = at(1, 2 * pair + 1, y / 2);
                break;
            case SF_I420:
                luma = at(0, x, y), cb = at(1, pair, y / 2), cr = at(2, pair, y / 2);
                break;
            case SF_YUYV:
                luma = at(0, 2 * x, y), cb = at(0, 4 * pair + 1, y), cr = at(0, 4 * pair + 3, y);
                break;
            case SF_UYVY:
                luma = at(0, 2 * x + 1, y), cb = at(0, 4 * pair, y), cr = at(0, 4 * pair + 2, y);
                break;
            default:
                luma = ten_bits(0, 2 * x, y);
                cb = ten_bits(1, 4 * pair, y / 2);
                cr = ten_bits(1, 4 * pair + 2, y / 2);
        }
        cb -= 128;
        cr -= 128;
        if (image.color == SF_BT601_LIMITED || image.color == SF_BT709_LIMITED) {
            luma = (luma - 16) * 255 / 219;
            cb = cb * 255 / 224;
            cr = cr * 255 / 224;
        } else if (image.format == SF_P010) {
            /* 1023 levels above 0 rather than 4 * 255. */
            luma *= 1020.0 / 1023;
            cb *= 1020.0 / 1023;
            cr *= 1020.0 / 1023;
        }
        /* The printed coefficients of BT.601's and BT.709's equations, solved for R, G and B. */
        const bool bt601 = image.color == SF_BT601_LIMITED || image.color == SF_BT601_FULL;
        const double red = luma + (bt601 ? 1.402 : 1.5748) * cr;
        const double blue = luma + (bt601 ? 1.772 : 1.8556) * cb;
        const double green =
            bt601 ? (luma - 0.299 * red - 0.114 * blue) / 0.587 : (luma - 0.2126 * red - 0.0722 * blue) / 0.7152;
        return std::min(255.0, std::max(0.0, colour == 0 ? red : colour == 1 ? green : blue));
    }

  private:
    void add_plane(int row_bytes, int rows) {
        const int64_t stride = row_bytes + random_int(0, 9);
        image.strides[planes.size()] = stride;
        /* The last row ends with its last pixel: nothing says that there is memory after it. */
        planes.emplace_back(static_cast<size_t>(stride * (rows - 1) + row_bytes));
        for (size_t i = 0; i < planes.back().size(); i++) planes.back()[i] = static_cast<uint8_t>(random_int(0, 255));
    }

    double at(size_t plane, int byte, int row) const {
        return planes[plane][static_cast<size_t>(row * image.strides[plane] + byte)];
    }

    /* A sample of P010 as one of 8 bits and a fraction. */
    double ten_bits(size_t plane, int byte, int row) const {
        return std::floor((at(plane, byte, row) + 256 * at(plane, byte + 1, row)) / 64) / 4;
    }
};

void test_one_pyramid(sf_stream* stream, int width, int height, int format, int patch, int scales, int rows0,
                      int cols0) {
    const TestImage source(width, height, format);
    const Table<float> mean = {random_float(0, 1), random_float(0, 1), random_float(0, 1)};
    const Table<float> std = {random_float(0.2, 1), random_float(0.2, 1), random_float(0.2, 1)};
    std::vector<std::vector<double>> levels(static_cast<size_t>(scales));
    const int finest = scales - 1;
    const int out_rows = (rows0 << finest) * patch, out_cols = (cols0 << finest) * patch;
    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < out_rows; y++) {
            for (int x = 0; x < out_cols; x++) {
                double v = 0;
                for (const Tap& down : taps(y, height, out_rows)) {
                    for (const Tap& across : taps(x, width, out_cols)) {
                        v += down.weight * across.weight * source.value(across.source, down.source, c);
                    }
                }
                levels[static_cast<size_t>(finest)].push_back((v / 255 - static_cast<double>(mean[c])) /
                                                              static_cast<double>(std[c]));
            }
        }
    }
    for (int s = finest - 1; s >= 0; s--) {
        const std::vector<double>& fine = levels[static_cast<size_t>(s + 1)];
        const int rows = (rows0 << s) * patch, cols = (cols0 << s) * patch;
        for (int y = 0; y < 3 * rows; y++) {
            for (int x = 0; x < cols; x++) {
                const auto at = static_cast<size_t>(2 * y * 2 * cols + 2 * x);
                const auto below = at + static_cast<size_t>(2 * cols);
                levels[static_cast<size_t>(s)].push_back((fine[at] + fine[at + 1] + fine[below] + fine[below + 1]) / 4);
            }
        }
    }
    std::vector<double> expected;
    for (const auto& level : levels) expected.insert(expected.end(), level.begin(), level.end());
    Array<float> canvas(expected.size());
    check_ok(
        stream,
        sf_build_pyramid(stream, &source.image, patch, scales, rows0, cols0, mean.data(), std.data(), canvas.data()),
        "sf_build_pyramid");
    check_near(canvas, expected, 2e-5,
               "pyramid of " + std::to_string(width) + " x " + std::to_string(height) + " pixels of format " +
                   std::to_string(format) + " to " + std::to_string(out_cols) + " x " + std::to_string(out_rows));
}

/* Kilobytes of memory that the process has had at most. */
int64_t peak_memory() {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* A picture of one long row or column needs no more memory than its canvas and a band of it. */
void test_long_axis(sf_stream* stream, bool wide) {
    const int length = 8'000'000;
    Array<uint8_t> pixels(length);
    for (size_t i = 0; i < pixels.size(); i++) pixels[i] = 100;
    sf_image image = {};
    image.planes[0] = reinterpret_cast<uint64_t>(pixels.data());
    image.width = wide ? length : 1;
    image.height = wide ? 1 : length;
    image.strides[0] = image.width;
    image.format = SF_GRAY;
    const Table<float> mean = {0, 0, 0}, std = {1, 1, 1};
    Array<float> canvas(3 * 2 * 2);
    const int64_t before = peak_memory();
    check_ok(stream, sf_build_pyramid(stream, &image, 2, 1, 1, 1, mean.data(), std.data(), canvas.data()),
             "sf_build_pyramid");
    check(peak_memory() - before < 24 * 1024, "a long axis takes little memory");
    /* Millions of values are summed in fp32. */
    check_near(canvas, std::vector<double>(canvas.size(), 100.0 / 255), 1e-2, "pyramid of a long axis");
}

}  // namespace

void test_pyramid(sf_stream* stream) {
    for (int format = SF_RGB; format <= SF_P010; format++) {
        for (const int patch : cases({5}, {1, 5, 8})) {
            test_one_pyramid(stream, random_int(1, 90), random_int(1, 90), format, patch, random_int(1, 3),
                             random_int(1, 2), random_int(1, 2));
        }
        test_one_pyramid(stream, 1, 1, format, 5, 2, 1, 2);
        test_one_pyramid(stream, 200, 3, format, 1, 3, 1, 1);
        test_one_pyramid(stream, 2, 150, format, 1, 1, 1, 3);
        if (brief) continue;
        /* More columns than are resized at a time, and rows than weights are kept for. */
        test_one_pyramid(stream, random_int(33'000, 40'000), 2, format, 2, 1, 1, 1);
        test_one_pyramid(stream, 2, random_int(16'000, 20'000), format, 2, 1, 1, 1);
    }
    if (brief) return;
    test_long_axis(stream, true);
    test_long_axis(stream, false);
}
