/* The embeddings of text and of patches. */
#include "check.h"

namespace {

void test_text(sf_stream* stream, int tokens, int hidden) {
    const int vocab = random_int(1, 50), max_positions = random_int(1, 40);
    const auto width = static_cast<size_t>(hidden);
    Array<float> word(static_cast<size_t>(vocab) * width), position(static_cast<size_t>(max_positions) * width);
    Array<float> type0(width), weight(width), bias(width), modality0(width);
    for (Array<float>* array : {&word, &position, &type0, &weight, &bias, &modality0}) fill(*array);
    Array<int32_t> ids(static_cast<size_t>(tokens)), positions(ids.size()), token_rows(ids.size());
    const int x_rows = 2 * tokens;
    Array<float> x(static_cast<size_t>(x_rows) * width);
    for (size_t t = 0; t < ids.size(); t++) {
        ids[t] = random_int(0, vocab - 1);
        positions[t] = random_int(0, max_positions - 1);
        token_rows[t] = x_rows - 1 - static_cast<int>(2 * t);
    }
    check_ok(stream,
             sf_embed_text(stream, tokens, hidden, ids.data(), positions.data(), token_rows.data(), word.data(), vocab,
                           position.data(), max_positions, type0.data(), weight.data(), bias.data(), 1e-5f,
                           modality0.data(), x.data()),
             "sf_embed_text");
    for (size_t t = 0; t < ids.size(); t++) {
        std::vector<double> v;
        for (size_t i = 0; i < width; i++) {
            v.push_back(static_cast<double>(word[static_cast<size_t>(ids[t]) * width + i] +
                                            position[static_cast<size_t>(positions[t]) * width + i] + type0[i]));
        }
        std::vector<double> expected = layer_norm(v, weight.data(), bias.data(), 1e-5);
        for (size_t i = 0; i < width; i++) expected[i] += static_cast<double>(modality0[i]);
        const auto row = static_cast<size_t>(token_rows[t]) * width;
        check_near(x.data() + row, expected, 2e-5, "text token of size " + std::to_string(hidden));
        bool untouched = true;
        for (size_t i = 0; i < width; i++) untouched = untouched && std::isnan(x[row - width + i]);
        check(untouched, "rows that are no token's stay as they are");
    }
}

/* The stored position grid at an output's place on both axes: corners on corners, linear in between. */
double interpolate(const Array<float>& position, int stored, size_t width, size_t i, int row, int rows, int col,
                   int cols) {
    const double y = rows == 1 ? 0 : static_cast<double>(row) * (stored - 1) / (rows - 1);
    const double x = cols == 1 ? 0 : static_cast<double>(col) * (stored - 1) / (cols - 1);
    double value = 0;
    for (int a = 0; a < stored; a++) {
        for (int b = 0; b < stored; b++) {
            const double share = std::max(0.0, 1 - std::fabs(y - a)) * std::max(0.0, 1 - std::fabs(x - b));
            value += share * static_cast<double>(position[static_cast<size_t>(1 + a * stored + b) * width + i]);
        }
    }
    return value;
}

void test_grids(sf_stream* stream, int hidden, int stored, bool thin, int count) {
    const auto width = static_cast<size_t>(hidden);
    const int num_scales = 3;
    Array<float> cls(width), position(static_cast<size_t>(stored * stored + 1) * width), modality1(width);
    Array<float> scales(num_scales * width), constant(width);
    for (Array<float>* array : {&cls, &position, &modality1, &scales, &constant}) fill(*array);
    Table<sf_grid> grids;
    Table<int32_t> indices;
    int patch_rows = 0, token_rows = 0;
    /* Nothing selected, everything, and something in between. */
    for (int g = 0; g < count; g++) {
        sf_grid grid = {};
        grid.rows = thin && g != 1 ? 1 : random_int(1, 12);
        grid.cols = thin && g == 1 ? 1 : random_int(1, 12);
        grid.mask = static_cast<int64_t>(indices.size());
        grid.scale = random_int(0, num_scales - 1);
        for (int i = 0; i < grid.rows * grid.cols; i++) {
            if (g == 1 || (g >= 2 && random_int(0, 1) == 1)) indices.push_back(i), grid.selected++;
        }
        indices.resize(static_cast<size_t>(grid.mask + grid.rows * grid.cols), -1);
        grid.patch_row = patch_rows;
        patch_rows += grid.selected;
        grid.token_row = token_rows + 1;
        token_rows = grid.token_row + grid.selected + 1 + (grid.selected < grid.rows * grid.cols ? 1 : 0);
        grids.push_back(grid);
    }
    Array<float> patches(static_cast<size_t>(patch_rows) * width), x(static_cast<size_t>(token_rows) * width);
    fill(patches);
    check_ok(stream,
             sf_embed_patches(stream, grids.data(), count, patch_rows + random_int(0, 5), hidden, patches.data(),
                              indices.data(), cls.data(), position.data(), stored, modality1.data(), scales.data(),
                              constant.data(), x.data()),
             "sf_embed_patches");
    for (const sf_grid& grid : grids) {
        const bool constant_token = grid.selected < grid.rows * grid.cols;
        std::vector<double> expected;
        for (int token = 0; token < grid.selected + 1 + (constant_token ? 1 : 0); token++) {
            for (size_t i = 0; i < width; i++) {
                double v = static_cast<double>(modality1[i]) +
                           static_cast<double>(scales[static_cast<size_t>(grid.scale) * width + i]);
                if (token == 0) {
                    v += static_cast<double>(cls[i]) + static_cast<double>(position[i]);
                } else if (token <= grid.selected) {
                    const int index = indices[static_cast<size_t>(grid.mask + token - 1)];
                    v += static_cast<double>(patches[static_cast<size_t>(grid.patch_row + token - 1) * width + i]) +
                         interpolate(position, stored, width, i, index / grid.cols, grid.rows, index % grid.cols,
                                     grid.cols);
                } else {
                    v += static_cast<double>(constant[i]);
                }
                expected.push_back(v);
            }
        }
        const auto first = static_cast<size_t>(grid.token_row) * width;
        check_near(x.data() + first, expected, 1e-5,
                   "tokens of a " + std::to_string(grid.rows) + " x " + std::to_string(grid.cols) + " grid from " +
                       std::to_string(stored) + " stored positions");
        bool untouched = true;
        for (size_t i = 0; i < width; i++) untouched = untouched && std::isnan(x[first - width + i]);
        check(untouched, "the row before a segment stays as it is");
    }
}

}  // namespace

void test_embeddings(sf_stream* stream) {
    for (const int hidden : {1, 7, 64, 768, 4096}) test_text(stream, random_int(1, 30), hidden);
    for (const int hidden : {1, 24, random_int(2, 200)}) {
        for (const int stored : cases({12}, {1, 2, 12})) {
            test_grids(stream, hidden, stored, false, 3);
            test_grids(stream, hidden, stored, true, 3);
        }
    }
    test_grids(stream, 8, 5, false, random_int(kManyItems, 2 * kManyItems));
}
