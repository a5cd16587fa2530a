/* The compaction, gather and selection of patches. */
#include <algorithm>
#include <deque>

#include "check.h"

namespace {

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

/* A mask of a grid with that many patches set. */
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

void test_select(sf_stream* stream, int count, int max_side) {
    Grids parents(count, 1, max_side);
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

void test_patches(sf_stream* stream) {
    for (const int type : backend_types) {
        for (const int patch : cases({5, 8}, {1, 5, 8, 16})) {
            for (int i = 0; i < fewer(4); i++) {
                /* Small grids of large patches, and grids that a block of threads walks over in several steps. */
                Grids g(random_int(1, 6), patch, patch == 1 ? 26 : 9);
                Array<uint8_t> mask(g.mask_size);
                fill_mask(g, mask);
                test_compact_and_gather(stream, patch, type, g, mask);
            }
            test_counts(stream, patch, type);
        }
        Grids many(random_int(kManyItems, 2 * kManyItems), 2, 5);
        Array<uint8_t> mask(many.mask_size);
        fill_mask(many, mask);
        test_compact_and_gather(stream, 2, type, many, mask);
    }
    for (int i = 0; i < fewer(60); i++) test_select(stream, random_int(1, 6), random_int(0, 1) == 0 ? 9 : 17);
    for (int i = 0; i < 3; i++) test_select(stream, random_int(kManyItems, 2 * kManyItems), 5);
}
