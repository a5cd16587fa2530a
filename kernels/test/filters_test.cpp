/* The filters of image pyramids that a stream keeps. They are counted within the backend, so only the emulation runs
 * this. */
#include <algorithm>

#include "check.h"
#include "scanformer_cuda.h"
#include "stream.cuh"

namespace {

constexpr int kPatch = 4, kScales = 2;

struct Frame {
    int width;
    int height;
    int rows0;
    int cols0;
    std::vector<float> canvas; /* as a stream of its own makes it */
};

std::vector<float> pyramid(sf_stream* stream, const Frame& frame) {
    Array<uint8_t> pixels(static_cast<size_t>(frame.width * frame.height));
    for (size_t i = 0; i < pixels.size(); i++) pixels[i] = static_cast<uint8_t>(i * 37 % 251);
    sf_image image = {};
    image.planes[0] = reinterpret_cast<uint64_t>(pixels.data());
    image.strides[0] = image.width = frame.width;
    image.height = frame.height;
    image.format = SF_GRAY;
    const Table<float> mean = {0.5f, 0.5f, 0.5f}, std = {1, 1, 1};
    Array<float> canvas(static_cast<size_t>(3 * frame.rows0 * frame.cols0 * kPatch * kPatch * 5));
    check_ok(stream,
             sf_build_pyramid(stream, &image, kPatch, kScales, frame.rows0, frame.cols0, mean.data(), std.data(),
                              canvas.data()),
             "sf_build_pyramid");
    check_ok(stream, sf_synchronize(stream), "sf_synchronize");
    return {canvas.data(), canvas.data() + canvas.size()};
}

sf_stream* new_stream() {
    sf_stream* stream = nullptr;
    check_equal(sf_stream_create(sf_cuda_backend(), 0, 0, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    return stream;
}

/* Frames of one size after another compute their filters once. */
void test_kept() {
    sf_stream* stream = new_stream();
    const Frame wide = {60, 40, 2, 3, {}}, high = {40, 60, 3, 2, {}}, square = {60, 60, 3, 3, {}};
    for (int i = 0; i < 3; i++) pyramid(stream, wide);
    check_equal(cuda_stream(stream)->num_filters, 2, "filters of frames of one size");
    for (int i = 0; i < 3; i++) pyramid(stream, high);
    check_equal(cuda_stream(stream)->num_filters, 2, "filters of the same frames upright");
    pyramid(stream, square);
    check_equal(cuda_stream(stream)->num_filters, 2, "filters of a frame whose sides were met");
    pyramid(stream, {61, 40, 2, 3, {}});
    check_equal(cuda_stream(stream)->num_filters, 3, "filters of another width");
    sf_stream_destroy(stream);
}

/* The images of a batch of different sizes compute theirs in the first batch alone. */
void test_batches() {
    sf_stream* stream = new_stream();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 64; i++) pyramid(stream, {100 + i, 200 + i, 2, 3, {}});
        check_equal(cuda_stream(stream)->num_filters, 128, "filters of a batch of 64 sizes");
    }
    sf_stream_destroy(stream);
}

/* More sizes than are kept, and ones for which the memory grows, come as on a stream that has met no other. */
void test_many_sizes() {
    std::vector<Frame> frames;
    for (int i = 0; i < 80; i++) {
        frames.push_back({random_int(1, 90), random_int(1, 90), random_int(1, 3), random_int(1, 3), {}});
    }
    frames.push_back({140000, 1, 1, 100, {}});
    frames.push_back({1, 150000, 110, 1, {}});
    for (Frame& frame : frames) {
        sf_stream* own = new_stream();
        frame.canvas = pyramid(own, frame);
        sf_stream_destroy(own);
    }
    sf_stream* stream = new_stream();
    for (int round = 0; round < 3; round++) {
        std::shuffle(frames.begin(), frames.end(), generator);
        for (const Frame& frame : frames) {
            check(pyramid(stream, frame) == frame.canvas, "a pyramid of " + std::to_string(frame.width) + " x " +
                                                              std::to_string(frame.height) + " pixels after others");
        }
    }
    sf_stream_destroy(stream);
}

}  // namespace

void test_filters() {
    test_kept();
    test_batches();
    test_many_sizes();
}
