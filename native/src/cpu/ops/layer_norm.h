/*
 * Layer norm of one row at a time, in two passes over a row that is then in the cache: the mean first, then the mean
 * square of the differences, which keeps its digits where the mean is far larger than the spread. out may be v.
 */
static void normalize_row(const float* v, int columns, const float* weight, const float* bias, float eps, float* out) {
    vfloat sums = {};
    int i = 0;
    for (; i + WIDTH <= columns; i += WIDTH) sums += load(v + i);
    float total = sum(sums);
    for (; i < columns; i++) total += v[i];
    const float mean = total / static_cast<float>(columns);
    vfloat squares = {};
    for (i = 0; i + WIDTH <= columns; i += WIDTH) {
        const vfloat d = load(v + i) - mean;
        squares += d * d;
    }
    float square = sum(squares);
    for (; i < columns; i++) square += (v[i] - mean) * (v[i] - mean);
    const float inverse = 1.0f / __builtin_sqrtf(square / static_cast<float>(columns) + eps);
    for (i = 0; i < columns; i++) out[i] = (v[i] - mean) * inverse * weight[i] + bias[i];
}

/* Columns that a row on the stack has room for; wider rows are normalised in pieces of their output. */
enum { ROW_CHUNK = 4096 };

static void residual_layer_norm_row(int columns, const float* x, const float* y, float* x_out, const float* weight,
                                    const float* bias, float eps, int type, void* out, size_t out_offset) {
    float row[ROW_CHUNK];
    const float* v = x;
    if (y != nullptr) {
        /* Without a place for the sum it is kept here; the check before the call allows that for short rows alone. */
        float* sum_row = x_out != nullptr ? x_out : row;
        for (int i = 0; i < columns; i++) sum_row[i] = x[i] + y[i];
        v = sum_row;
    } else if (x_out != nullptr && x_out != x) {
        memcpy(x_out, x, static_cast<size_t>(columns) * sizeof(float));
    }
    if (out == nullptr) return;
    if (type == SF_F32) {
        normalize_row(v, columns, weight, bias, eps, static_cast<float*>(out) + out_offset);
    } else {
        float normalized[ROW_CHUNK];
        normalize_row(v, columns, weight, bias, eps, normalized);
        store_as(type, out, out_offset, normalized, columns);
    }
}

static void residual_layer_norm(int rows, int columns, const float* x, const int32_t* row_index, const float* y,
                                float* x_out, const float* weight, const float* bias, float eps, int type, void* out,
                                Team* team) {
    const bool parallel = static_cast<int64_t>(rows) * columns > PARALLEL_ELEMENTS;
    parallel_for(team, rows, parallel, [&](int64_t i, int) {
        const size_t offset = static_cast<size_t>(i) * static_cast<size_t>(columns);
        const size_t from = static_cast<size_t>(row_index != nullptr ? row_index[i] : i) * static_cast<size_t>(columns);
        residual_layer_norm_row(columns, x + from, y != nullptr ? y + offset : nullptr,
                                x_out != nullptr ? x_out + offset : nullptr, weight, bias, eps, type, out, offset);
    });
}
