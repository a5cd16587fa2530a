/* Residual addition and layer norm. */
#include "check.h"

namespace {

/* Which arguments of sf_residual_layer_norm are given. */
struct NormCase {
    bool y;
    bool x_out;
    bool in_place;
    bool row_index;
    bool out;
};

/* The weight begins `shift` elements into an array: backends may take aligned rows another way. */
void test_norm(sf_stream* stream, int rows, int columns, double mean, int type, const NormCase& given, size_t shift) {
    const auto width = static_cast<size_t>(columns);
    const size_t n = static_cast<size_t>(rows) * width;
    const int x_rows = given.row_index ? 2 * rows + 3 : rows;
    Array<float> x(static_cast<size_t>(x_rows) * width), y(n), x_out(n), weight(width + shift), bias(width);
    fill(x, mean - 1, mean + 1);
    fill(y);
    fill(weight);
    fill(bias);
    Array<int32_t> row_index(static_cast<size_t>(rows));
    for (size_t i = 0; i < row_index.size(); i++) row_index[i] = random_int(0, x_rows - 1);
    std::vector<double> sums, expected;
    const double eps = 1e-5;
    for (size_t i = 0; i < static_cast<size_t>(rows); i++) {
        std::vector<double> v;
        const size_t from = given.row_index ? static_cast<size_t>(row_index[i]) : i;
        for (size_t c = 0; c < width; c++) {
            v.push_back(static_cast<double>(x[from * width + c] + (given.y ? y[i * width + c] : 0.0f)));
        }
        sums.insert(sums.end(), v.begin(), v.end());
        const std::vector<double> normal = layer_norm(v, weight.data() + shift, bias.data(), eps);
        expected.insert(expected.end(), normal.begin(), normal.end());
    }
    Activations out(type, n);
    float* to = given.in_place ? x.data() : given.x_out ? x_out.data() : nullptr;
    check_ok(stream,
             sf_residual_layer_norm(stream, rows, columns, x.data(), given.row_index ? row_index.data() : nullptr,
                                    given.y ? y.data() : nullptr, to, weight.data() + shift, bias.data(),
                                    static_cast<float>(eps), type, given.out ? out.data() : nullptr),
             "sf_residual_layer_norm");
    const std::string what =
        "layer norm of " + std::to_string(rows) + " x " + std::to_string(columns) + ", mean " + std::to_string(mean);
    if (to != nullptr) check_near(given.in_place ? x : x_out, sums, 0, what + ", sums");
    if (given.out) {
        /* A mean in fp32 is off by some of its last bits, which is as much of a row's spread, here a tenth at least. */
        check_near(out, expected, out.tolerance(2e-5 + std::fabs(mean) * 5e-6), what);
    } else {
        check(out.untouched(), what + " without out");
    }
}

}  // namespace

void test_layer_norm(sf_stream* stream) {
    const NormCase norms[] = {
        {false, false, false, false, true}, {true, true, false, false, true},  {true, false, true, false, true},
        {true, true, false, false, false},  {true, true, false, true, true},   {false, true, false, true, true},
        {true, false, false, true, true},   {false, false, true, false, true}, {true, false, true, false, false},
    };
    for (const int columns : cases(
             {7, 64, 256, 384, 512, 768, 1024},
             {1, 7, 16, 64, 256, 384, 512, 768, 1020, 1024, 1028, 4096, 4 * random_int(1, 256), random_int(2, 900)})) {
        size_t next = 0;
        for (const NormCase& given : norms) {
            const int type = backend_types[next++ % backend_types.size()];
            test_norm(stream, random_int(1, 40), columns, random_float(-1, 1), type, given, 0);
        }
        test_norm(stream, random_int(1, 40), columns, 1000, SF_F32, norms[0], 0);
        test_norm(stream, random_int(1, 40), columns, random_float(-1, 1), SF_F32, norms[1], 1);
    }
}
