/* Sums of embeddings: a row of the residual stream a token. */
static void embed_text_token(int hidden, const float* word, const float* position, const float* type0,
                             const float* weight, const float* bias, float eps, const float* modality0, float* row) {
    for (int i = 0; i < hidden; i++) row[i] = word[i] + position[i] + type0[i];
    normalize_row(row, hidden, weight, bias, eps, row);
    for (int i = 0; i < hidden; i++) row[i] += modality0[i];
}

static void embed_text(int tokens, int hidden, const int32_t* ids, const int32_t* positions, const int32_t* token_rows,
                       const float* word, const float* position, const float* type0, const float* weight,
                       const float* bias, float eps, const float* modality0, float* x, Team* team) {
    const size_t columns = static_cast<size_t>(hidden);
    parallel_for(team, tokens, tokens * hidden > PARALLEL_ELEMENTS, [&](int64_t t, int) {
        embed_text_token(hidden, word + static_cast<size_t>(ids[t]) * columns,
                         position + static_cast<size_t>(positions[t]) * columns, type0, weight, bias, eps, modality0,
                         x + static_cast<size_t>(token_rows[t]) * columns);
    });
}

/* Where output i of n falls between the stored positions of one axis, corners on corners. */
struct AxisPosition {
    int low;
    int high;
    float fraction;
};

static AxisPosition axis_position(int i, int n, int stored) {
    if (n == 1) return {0, 0, 0.0f};
    const double at = static_cast<double>(i) * (stored - 1) / (n - 1);
    int low = static_cast<int>(at);
    if (low > stored - 1) low = stored - 1;
    const int high = low + 1 < stored ? low + 1 : low;
    return {low, high, static_cast<float>(at - low)};
}

static void embed_patch(const sf_grid& grid, int index, int hidden, const float* patch, const float* grid_positions,
                        int position_grid, const float* modality1, const float* scale, float* row) {
    const AxisPosition y = axis_position(index / grid.cols, grid.rows, position_grid);
    const AxisPosition x = axis_position(index % grid.cols, grid.cols, position_grid);
    const size_t columns = static_cast<size_t>(hidden);
    const float* p00 = grid_positions + static_cast<size_t>(y.low * position_grid + x.low) * columns;
    const float* p01 = grid_positions + static_cast<size_t>(y.low * position_grid + x.high) * columns;
    const float* p10 = grid_positions + static_cast<size_t>(y.high * position_grid + x.low) * columns;
    const float* p11 = grid_positions + static_cast<size_t>(y.high * position_grid + x.high) * columns;
    for (int i = 0; i < hidden; i++) {
        const float upper = p00[i] + x.fraction * (p01[i] - p00[i]);
        const float lower = p10[i] + x.fraction * (p11[i] - p10[i]);
        row[i] = patch[i] + (upper + y.fraction * (lower - upper)) + modality1[i] + scale[i];
    }
}

static void embed_patches(const sf_grid* grids, int num_grids, int hidden, const float* patches, const int32_t* indices,
                          const float* cls, const float* position, int position_grid, const float* modality1,
                          const float* scales, const float* constant, float* x, Team* team) {
    const size_t columns = static_cast<size_t>(hidden);
    for (int g = 0; g < num_grids; g++) {
        const sf_grid& grid = grids[g];
        const float* scale = scales + static_cast<size_t>(grid.scale) * columns;
        float* reg = x + static_cast<size_t>(grid.token_row) * columns;
        for (int i = 0; i < hidden; i++) reg[i] = cls[i] + position[i] + modality1[i] + scale[i];
        parallel_for(team, grid.selected, grid.selected * hidden > PARALLEL_ELEMENTS, [&](int64_t i, int) {
            embed_patch(grid, indices[grid.mask + i], hidden,
                        patches + static_cast<size_t>(grid.patch_row + i) * columns, position + columns, position_grid,
                        modality1, scale, reg + static_cast<size_t>(1 + i) * columns);
        });
        if (grid.selected < grid.rows * grid.cols) {
            float* last = reg + static_cast<size_t>(1 + grid.selected) * columns;
            for (int i = 0; i < hidden; i++) last[i] = constant[i] + modality1[i] + scale[i];
        }
    }
}
