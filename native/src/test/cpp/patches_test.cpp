/* The image pyramid, and the compaction, gather and selection of patches. */
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

int bytes_of(int format) { return format == SF_RGBA || format == SF_BGRA ? 4 : format <= SF_BGR ? 3 : 1; }

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
        add_plane(width * bytes_of(format), height);
        if (format == SF_NV12) add_plane((width + 1) / 2 * 2, (height + 1) / 2);
        for (int p = 1; format == SF_I420 && p < 3; p++) add_plane((width + 1) / 2, (height + 1) / 2);
        for (size_t p = 0; p < planes.size(); p++) image.planes[p] = reinterpret_cast<uint64_t>(planes[p].data());
    }

    double value(int x, int y, int colour) const {
        if (image.format < SF_NV12) {
            return at(0, x * bytes_of(image.format) + colour_byte(image.format, colour), y);
        }
        const bool nv12 = image.format == SF_NV12;
        double luma = at(0, x, y);
        double cb = at(1, nv12 ? x / 2 * 2 : x / 2, y / 2) - 128;
        double cr = at(nv12 ? 1 : 2, nv12 ? x / 2 * 2 + 1 : x / 2, y / 2) - 128;
        if (image.color == SF_BT601_LIMITED || image.color == SF_BT709_LIMITED) {
            luma = (luma - 16) * 255 / 219;
            cb = cb * 255 / 224;
            cr = cr * 255 / 224;
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
        /* The last row ends with its last pixel: nothing says that there is memory behind it. */
        planes.emplace_back(static_cast<size_t>(stride * (rows - 1) + row_bytes));
        for (size_t i = 0; i < planes.back().size(); i++) planes.back()[i] = static_cast<uint8_t>(random_int(0, 255));
    }

    double at(size_t plane, int byte, int row) const {
        return planes[plane][static_cast<size_t>(row * image.strides[plane] + byte)];
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

/* Random grids whose masks, canvases and packed rows lie one after another, with gaps. */
struct Grids {
    Table<sf_grid> grids;
    size_t mask_size = 0;
    size_t canvas_size = 0;
    int patch_rows = 0;

    Grids(int count, int patch, int max_side) {
        for (int g = 0; g < count; g++) add(random_int(1, max_side), random_int(1, max_side), patch);
    }

    void add(int rows, int cols, int patch) {
        sf_grid grid = {};
        grid.rows = rows;
        grid.cols = cols;
        grid.mask = static_cast<int64_t>(mask_size) + random_int(0, 3);
        grid.canvas = static_cast<int64_t>(canvas_size) + random_int(0, 5);
        mask_size = static_cast<size_t>(grid.mask + grid.rows * grid.cols);
        canvas_size = static_cast<size_t>(grid.canvas + 3 * grid.rows * grid.cols * patch * patch);
        grids.push_back(grid);
    }

    int count() const { return static_cast<int>(grids.size()); }
};

/* Random masks, among them all zeros and all ones. */
void fill_mask(const Grids& g, Array<uint8_t>& mask) {
    for (const sf_grid& grid : g.grids) {
        const int density = random_int(0, 4);
        for (int i = 0; i < grid.rows * grid.cols; i++) {
            const bool set = random_int(1, 4) <= density;
            mask[static_cast<size_t>(grid.mask + i)] = static_cast<uint8_t>(set ? random_int(1, 255) : 0);
        }
    }
}

/* A mask of a grid with so many patches set. */
void fill_mask(const sf_grid& grid, int selected, Array<uint8_t>& mask) {
    std::vector<uint8_t> set(static_cast<size_t>(grid.rows * grid.cols), 0);
    std::fill_n(set.begin(), selected, uint8_t{1});
    std::shuffle(set.begin(), set.end(), generator);
    std::copy(set.begin(), set.end(), mask.data() + grid.mask);
}

void test_compact_and_gather(sf_stream* stream, int patch, int type, Grids& g, const Array<uint8_t>& mask) {
    Array<int32_t> indices(g.mask_size), counts(g.grids.size());
    Table<sf_grid> sparse = g.grids;
    for (sf_grid& grid : sparse) {
        /* Compaction runs before these are known. */
        grid.canvas = grid.selected = grid.patch_row = grid.token_row = grid.scale = -1;
    }
    check_ok(stream, sf_compact_patches(stream, sparse.data(), g.count(), mask.data(), indices.data(), counts.data()),
             "sf_compact_patches");
    for (size_t i = 0; i < g.grids.size(); i++) {
        sf_grid& grid = g.grids[i];
        std::vector<double> expected;
        for (int j = 0; j < grid.rows * grid.cols; j++) {
            if (mask[static_cast<size_t>(grid.mask + j)] != 0) expected.push_back(j);
        }
        check_equal(counts[i], static_cast<int32_t>(expected.size()), "count of a mask");
        check_near(indices.data() + grid.mask, expected, 0, "indices of a mask");
        grid.selected = static_cast<int32_t>(expected.size());
        grid.patch_row = g.patch_rows + random_int(0, 2);
        g.patch_rows = grid.patch_row + grid.selected;
    }
    Array<float> canvas(g.canvas_size);
    fill(canvas);
    const auto pixels = static_cast<size_t>(patch * patch);
    Activations rows(type, static_cast<size_t>(g.patch_rows) * 3 * pixels);
    check_ok(stream,
             sf_gather_patches(stream, g.grids.data(), g.count(), g.patch_rows + random_int(0, 5), patch, canvas.data(),
                               indices.data(), type, rows.data()),
             "sf_gather_patches");
    for (const sf_grid& grid : g.grids) {
        std::vector<double> expected;
        for (int i = 0; i < grid.selected; i++) {
            const int index = indices[static_cast<size_t>(grid.mask + i)];
            for (int c = 0; c < 3; c++) {
                for (int y = 0; y < patch; y++) {
                    for (int x = 0; x < patch; x++) {
                        const int row = c * grid.rows * patch + index / grid.cols * patch + y;
                        const int column = index % grid.cols * patch + x;
                        const float v = canvas[static_cast<size_t>(grid.canvas + row * grid.cols * patch + column)];
                        expected.push_back(rounded(type, v));
                    }
                }
            }
        }
        const size_t first = static_cast<size_t>(grid.patch_row) * 3 * pixels;
        check_near(
            expected.size(), [&](size_t i) { return rows[first + i]; }, [&](size_t i) { return expected[i]; }, 0,
            "patches of a grid");
    }
}

/* Around the widths of warps and blocks, of a hundred patches and of four hundred, one grid each in one batch. */
void test_counts(sf_stream* stream, int patch, int type) {
    const int of_hundred[] = {100, 0, 1, 15, 16, 17, 63, 64, 65, 99};
    const int discarded_of_four_hundred[] = {0, 1, 2, 299, 400};
    Grids g(0, patch, 0);
    for (size_t i = 0; i < std::size(of_hundred); i++) g.add(10, 10, patch);
    for (size_t i = 0; i < std::size(discarded_of_four_hundred); i++) g.add(20, 20, patch);
    Array<uint8_t> mask(g.mask_size);
    size_t next = 0;
    for (int selected : of_hundred) fill_mask(g.grids[next++], selected, mask);
    for (int discarded : discarded_of_four_hundred) fill_mask(g.grids[next++], 400 - discarded, mask);
    test_compact_and_gather(stream, patch, type, g, mask);
}

/* Logits in steps of a quarter, for ties, with some that are not finite. */
float random_logit() {
    const int special = random_int(0, 19);
    if (special == 0) return NAN;
    if (special == 1) return INFINITY;
    if (special == 2) return -INFINITY;
    return static_cast<float>(random_int(-8, 8)) / 4;
}

void test_select(sf_stream* stream) {
    Grids parents(random_int(1, 6), 1, random_int(0, 1) == 0 ? 9 : 17);
    Table<sf_grid> children;
    size_t mask_size = 0;
    Array<int32_t> indices(parents.mask_size);
    for (sf_grid& parent : parents.grids) {
        const int chance = random_int(0, 4);
        for (int i = 0; i < parent.rows * parent.cols; i++) {
            if (random_int(1, 4) <= chance) indices[static_cast<size_t>(parent.mask + parent.selected++)] = i;
        }
        parent.patch_row = parents.patch_rows;
        parents.patch_rows += parent.selected;
        sf_grid child = {};
        child.rows = 2 * parent.rows;
        child.cols = 2 * parent.cols;
        child.mask = static_cast<int64_t>(mask_size);
        mask_size += static_cast<size_t>(child.rows * child.cols);
        const float bounds[] = {0, 0.25f, -1, -INFINITY, INFINITY, NAN};
        child.logit_bound = bounds[random_int(0, 5)];
        const int caps[] = {0, 1, random_int(0, child.rows * child.cols), INT32_MAX, SF_GIVEN};
        child.max_selected = caps[random_int(0, 4)];
        children.push_back(child);
    }
    Array<float> logits(4 * static_cast<size_t>(parents.patch_rows));
    for (size_t i = 0; i < logits.size(); i++) logits[i] = random_logit();
    Array<uint8_t> mask(mask_size);
    for (size_t i = 0; i < mask_size; i++) mask[i] = static_cast<uint8_t>(3 + i % 5);
    const std::vector<double> given(mask.data(), mask.data() + mask_size);
    check_ok(stream,
             sf_select_patches(stream, parents.grids.data(), children.data(), parents.count(), logits.data(),
                               indices.data(), mask.data()),
             "sf_select_patches");
    std::vector<double> expected(mask_size, 0.0);
    for (size_t r = 0; r < children.size(); r++) {
        const sf_grid& parent = parents.grids[r];
        const sf_grid& child = children[r];
        if (child.max_selected == SF_GIVEN) {
            std::copy_n(given.begin() + child.mask, child.rows * child.cols, expected.begin() + child.mask);
            continue;
        }
        std::vector<std::pair<double, int>> candidates; /* minus the logit, the child's index */
        for (int i = 0; i < parent.selected; i++) {
            const int index = indices[static_cast<size_t>(parent.mask + i)];
            for (int a = 0; a < 2; a++) {
                for (int b = 0; b < 2; b++) {
                    const float logit = logits[static_cast<size_t>(4 * (parent.patch_row + i) + 2 * a + b)];
                    const int row = 2 * (index / parent.cols) + a;
                    const int col = 2 * (index % parent.cols) + b;
                    if (logit > child.logit_bound) {
                        candidates.emplace_back(-static_cast<double>(logit), row * child.cols + col);
                    }
                }
            }
        }
        std::sort(candidates.begin(), candidates.end());
        for (size_t i = 0; i < candidates.size() && i < static_cast<size_t>(child.max_selected); i++) {
            expected[static_cast<size_t>(child.mask + candidates[i].second)] = 1;
        }
    }
    check_near(mask, expected, 0, "selection");
}

}  // namespace

void test_pyramid(sf_stream* stream) {
    for (const int format : {SF_RGB, SF_BGR, SF_RGBA, SF_BGRA, SF_GRAY, SF_NV12, SF_I420}) {
        for (const int patch : {1, 5, 8}) {
            test_one_pyramid(stream, random_int(1, 90), random_int(1, 90), format, patch, random_int(1, 3),
                             random_int(1, 2), random_int(1, 2));
        }
        test_one_pyramid(stream, 1, 1, format, 5, 2, 1, 2);
        test_one_pyramid(stream, 200, 3, format, 1, 3, 1, 1);
        test_one_pyramid(stream, 2, 150, format, 1, 1, 1, 3);
    }
}

void test_patches(sf_stream* stream) {
    for (const int type : backend_types) {
        for (const int patch : {1, 5, 8, 16}) {
            for (int i = 0; i < 4; i++) {
                /* Small grids of large patches, and grids that a block of threads walks over in several steps. */
                Grids g(random_int(1, 6), patch, patch == 1 ? 26 : 9);
                Array<uint8_t> mask(g.mask_size);
                fill_mask(g, mask);
                test_compact_and_gather(stream, patch, type, g, mask);
            }
            test_counts(stream, patch, type);
        }
    }
    for (int i = 0; i < 60; i++) test_select(stream);
}
