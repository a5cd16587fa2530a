/*
 * Image pyramid. A thread takes a row of the finest canvas: it sums the source rows under the vertical filter into one
 * row of interleaved floats, and then each output pixel sums the pixels of that row under the horizontal filter, all
 * channels of a pixel in one short vector. Source rows are read as they lie, so a reduced image is read about once.
 */
typedef float vpixel __attribute__((vector_size(16), aligned(4), may_alias));

static void resize_row(const ResizeTask& t, int y, float* row) {
    const int channels = t.format == SF_GRAY ? 1 : (t.format == SF_RGBA || t.format == SF_BGRA) ? 4 : 3;
    const size_t values = static_cast<size_t>(t.width) * static_cast<size_t>(channels);
    const float* taps = t.vertical.taps + static_cast<size_t>(y) * static_cast<size_t>(t.vertical.max_taps);
    for (int k = 0; k < t.vertical.count[y]; k++) {
        const uint8_t* source = t.pixels + static_cast<int64_t>(t.vertical.first[y] + k) * t.row_stride;
        const float weight = taps[k];
        if (k == 0) {
            for (size_t i = 0; i < values; i++) row[i] = weight * static_cast<float>(source[i]);
        } else {
            for (size_t i = 0; i < values; i++) row[i] += weight * static_cast<float>(source[i]);
        }
    }
    const bool bgr = t.format == SF_BGR || t.format == SF_BGRA;
    const size_t plane = static_cast<size_t>(t.out_height) * static_cast<size_t>(t.out_width);
    float* red = t.canvas + static_cast<size_t>(y) * static_cast<size_t>(t.out_width);
    float* green = red + plane;
    float* blue = green + plane;
    for (int x = 0; x < t.out_width; x++) {
        const float* weights = t.horizontal.taps + static_cast<size_t>(x) * static_cast<size_t>(t.horizontal.max_taps);
        const float* from = row + static_cast<size_t>(t.horizontal.first[x]) * static_cast<size_t>(channels);
        const int count = t.horizontal.count[x];
        float v0, v1, v2;
        if (channels == 1) {
            v0 = 0;
            for (int k = 0; k < count; k++) v0 += weights[k] * from[k];
            v1 = v2 = v0;
        } else {
            vpixel pixel = {};
            for (int k = 0; k < count; k++) {
                pixel += weights[k] * *reinterpret_cast<const vpixel*>(from + k * channels);
            }
            v0 = pixel[bgr ? 2 : 0];
            v1 = pixel[1];
            v2 = pixel[bgr ? 0 : 2];
        }
        red[x] = v0 * t.scale[0] + t.shift[0];
        green[x] = v1 * t.scale[1] + t.shift[1];
        blue[x] = v2 * t.scale[2] + t.shift[2];
    }
}

static void resize(const ResizeTask& task, int threads) {
    const size_t scratch = resize_scratch(task.width);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int y = 0; y < task.out_height; y++) {
        resize_row(task, y, task.scratch + static_cast<size_t>(omp_get_thread_num()) * scratch);
    }
}

/* coarse [3, rows, cols] = means of 2 x 2 pixels of fine [3, 2 rows, 2 cols]. */
static void halve(const float* fine, int rows, int cols, float* coarse, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static) if (rows * cols > PARALLEL_ELEMENTS)
    for (int y = 0; y < 3 * rows; y++) {
        const float* upper = fine + static_cast<size_t>(2 * y) * static_cast<size_t>(2 * cols);
        const float* lower = upper + 2 * static_cast<size_t>(cols);
        float* out = coarse + static_cast<size_t>(y) * static_cast<size_t>(cols);
        for (int x = 0; x < cols; x++) {
            out[x] = 0.25f * ((upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1]));
        }
    }
}
