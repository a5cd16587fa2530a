/* Pyramids of several images in one call: each is what a call of its own makes, to the bit. */
#include <deque>

#include "check.h"
#include "scanformer_cuda.h"

namespace {

constexpr int kMostPlanes = 3;

/* An image of noise, whose rows are apart by more than their bytes. */
struct NoiseImage {
    sf_image image = {};
    std::deque<Array<uint8_t>> planes; /* arrays do not move */

    NoiseImage(int width, int height, int format, int color) {
        image.width = width;
        image.height = height;
        image.format = format;
        image.color = color;
        /* Enough for every format: four bytes a pixel in plane 0, and in each other one as many as in YUV 4:2:0. */
        for (int p = 0; p < kMostPlanes; p++) {
            image.strides[p] = 4 * (width + 1) + random_int(0, 9);
            planes.emplace_back(static_cast<size_t>(image.strides[p] * height));
            for (size_t i = 0; i < planes.back().size(); i++) {
                planes.back()[i] = static_cast<uint8_t>(random_int(0, 255));
            }
            image.planes[p] = reinterpret_cast<uint64_t>(planes.back().data());
        }
    }
};

struct Batch {
    std::deque<NoiseImage> images;
    std::deque<Array<float>> canvases;
    std::vector<const sf_image*> image_pointers;
    std::vector<float*> canvas_pointers;

    Batch(int count, int width, int height, int format, int color, size_t floats) {
        for (int i = 0; i < count; i++) {
            images.emplace_back(width, height, format, color);
            canvases.emplace_back(floats);
        }
        for (int i = 0; i < count; i++) {
            image_pointers.push_back(&images[static_cast<size_t>(i)].image);
            /* In another order. */
            canvas_pointers.push_back(canvases[static_cast<size_t>(count - 1 - i)].data());
        }
    }
};

size_t canvas_floats(int patch, int scales, int rows0, int cols0) {
    size_t floats = 0;
    for (int s = 0; s < scales; s++) floats += static_cast<size_t>(3 * (rows0 << s) * (cols0 << s) * patch * patch);
    return floats;
}

void test_batch(sf_stream* stream, int count, int format) {
    const int patch = random_int(1, 3), scales = random_int(1, 3), rows0 = random_int(1, 3);
    const int cols0 = random_int(1, 9) == 9 ? 50 : random_int(1, 3);
    const size_t floats = canvas_floats(patch, scales, rows0, cols0);
    Batch batch(count, random_int(1, 20), random_int(1, 20), format, random_int(0, 3), floats);
    const Table<float> mean = {0.25f, 0.5f, 0.75f}, std = {0.5f, 1, 2};
    check_ok(stream,
             sf_build_pyramids(stream, batch.image_pointers.data(), count, patch, scales, rows0, cols0, mean.data(),
                               std.data(), batch.canvas_pointers.data()),
             "sf_build_pyramids");
    for (int i = 0; i < count; i++) {
        Array<float> own(floats);
        check_ok(stream,
                 sf_build_pyramid(stream, batch.image_pointers[static_cast<size_t>(i)], patch, scales, rows0, cols0,
                                  mean.data(), std.data(), own.data()),
                 "sf_build_pyramid");
        const float* together = batch.canvas_pointers[static_cast<size_t>(i)];
        check(std::equal(own.data(), own.data() + floats, together),
              "pyramid " + std::to_string(i) + " of " + std::to_string(count) + " in format " + std::to_string(format));
    }
}

void test_refused(sf_stream* stream) {
    const size_t floats = canvas_floats(1, 1, 1, 1);
    Batch batch(3, 6, 4, SF_NV12, SF_BT709_LIMITED, floats);
    const Table<float> mean = {0, 0, 0}, std = {1, 1, 1};
    const auto build = [&](int count) {
        return sf_build_pyramids(stream, batch.image_pointers.data(), count, 1, 1, 1, 1, mean.data(), std.data(),
                                 batch.canvas_pointers.data());
    };
    const auto refused = [&](int count, const char* what) {
        check_refused(stream, build(count), SF_INVALID_ARGUMENT, "sf_build_pyramids", what);
    };
    refused(0, "no image");
    sf_image& last = batch.images[2].image;
    const sf_image right = last;
    const auto with = [&](int sf_image::*field, int value, const char* what) {
        last.*field = value;
        refused(3, what);
        last = right;
    };
    with(&sf_image::width, 5, "another width");
    with(&sf_image::height, 3, "another height");
    with(&sf_image::format, SF_NV21, "another format");
    with(&sf_image::color, SF_BT601_FULL, "another color");
    with(&sf_image::color, 9, "no color");
    last.planes[1] = 0;
    refused(3, "no chroma");
    last = right;
    last.strides[1] = 5;
    refused(3, "a stride below a row");
    last = right;
    batch.image_pointers[1] = nullptr;
    refused(3, "no image at a place");
    batch.image_pointers[1] = &batch.images[1].image;
    float* const canvas = batch.canvas_pointers[2];
    batch.canvas_pointers[2] = nullptr;
    refused(3, "no canvas at a place");
    batch.canvas_pointers[2] = canvas;
    check_refused(stream,
                  sf_build_pyramids(stream, batch.image_pointers.data(), 3, 0, 1, 1, 1, mean.data(), std.data(),
                                    batch.canvas_pointers.data()),
                  SF_INVALID_ARGUMENT, "sf_build_pyramids", "patches of no pixel");
    check_refused(
        stream,
        sf_build_pyramids(stream, nullptr, 3, 1, 1, 1, 1, mean.data(), std.data(), batch.canvas_pointers.data()),
        SF_INVALID_ARGUMENT, "sf_build_pyramids", "no images");
    for (const Array<float>& each : batch.canvases) check(each.untouched(), "what is refused writes nothing");
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    check_equal(build(3), static_cast<int>(SF_INVALID_ARGUMENT), "sf_build_pyramids while recording");
    sf_graph* graph = nullptr;
    check_equal(sf_graph_end(stream, &graph), static_cast<int>(SF_OK), "sf_graph_end");
    sf_graph_destroy(graph);
    check_ok(stream, build(3), "sf_build_pyramids");
}

}  // namespace

void test_pyramids(sf_stream* stream) {
    for (int format = SF_RGB; format <= SF_P010; format++) test_batch(stream, random_int(2, 9), format);
    test_batch(stream, 32, SF_RGB);
    /* More than one launch takes. */
    if (!brief) test_batch(stream, random_int(33, 70), SF_BGR);
    test_refused(stream);
}
