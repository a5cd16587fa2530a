/* The matrix products on the tensor cores, in every precision, shape of tile and split, with what follows the sums. */
#include "check.h"
#include "scanformer_cuda.h"

namespace {

constexpr int kTileRows[] = {32, 64};

int element_type(int compute_type) { return compute_type == SF_TF32 ? SF_F32 : compute_type; }

/* An operand's element as the multiplier takes it. */
double multiplied(int compute_type, double value) {
    if (compute_type != SF_TF32) return value;
    const auto single = static_cast<float>(value);
    uint32_t bits;
    std::memcpy(&bits, &single, sizeof bits);
    bits = (bits + 0x1000) & 0xffffe000u;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return static_cast<double>(result);
}

double activated(double v, int activation) {
    if (activation == SF_RELU) return v > 0 ? v : 0;
    if (activation == SF_GELU) return v / 2 * (1 + std::erf(v / std::sqrt(2.0)));
    if (activation == SF_SIGMOID) return 1 / (1 + std::exp(-v));
    return v;
}

/* Zeros, as the workspace is to be before its first use. */
struct Workspace {
    Array<unsigned char> bytes;
    Workspace() : bytes(static_cast<size_t>(sf_tensor_matmul_workspace())) {
        std::memset(bytes.data(), 0, bytes.size());
    }
    void* data() { return bytes.data(); }
};

/* Random operands of a product, and their product in double precision. */
struct Product {
    int compute_type;
    int rows;
    int out;
    int in;
    Activations x;
    Activations weight;

    Product(int compute, int num_rows, int num_out, int num_in, double low = -1)
        : compute_type(compute),
          rows(num_rows),
          out(num_out),
          in(num_in),
          x(element_type(compute), static_cast<size_t>(num_rows) * static_cast<size_t>(num_in)),
          weight(element_type(compute), static_cast<size_t>(num_out) * static_cast<size_t>(num_in)) {
        const auto random = [&](Activations& to, int n) {
            for (int i = 0; i < n * in; i++) to.set(static_cast<size_t>(i), static_cast<double>(random_float(low, 1)));
        };
        random(x, rows);
        random(weight, out);
    }

    size_t results() const { return static_cast<size_t>(rows) * static_cast<size_t>(out); }

    /* Of the operands as multipliers of that compute type take them. */
    std::vector<double> sums(int type) const {
        std::vector<double> a, b, result;
        for (size_t i = 0; i < static_cast<size_t>(rows * in); i++) a.push_back(multiplied(type, x[i]));
        for (size_t i = 0; i < static_cast<size_t>(out * in); i++) b.push_back(multiplied(type, weight[i]));
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < out; o++) {
                double sum = 0;
                for (int k = 0; k < in; k++) {
                    sum += a[static_cast<size_t>(r * in + k)] * b[static_cast<size_t>(o * in + k)];
                }
                result.push_back(sum);
            }
        }
        return result;
    }

    int multiply(sf_stream* stream, const float* bias, int activation, const float* added, int type, void* y,
                 int tile_rows, int splits, void* workspace) {
        return sf_tensor_matmul(stream, rows, out, in, compute_type, x.data(), weight.data(), bias, activation, added,
                                type, y, tile_rows, splits, workspace);
    }
};

/* A random number of inputs whose rows are whole 16 bytes. */
int random_in(int compute_type, int most) {
    const int step = compute_type == SF_TF32 ? 4 : 8;
    return step * random_int(1, most / step);
}

/* bias and added begin `shift` elements into an array. */
void test_linear(sf_stream* stream, Workspace& workspace, Product& product, int type, int tile_rows, int splits) {
    const size_t out = static_cast<size_t>(product.out);
    const size_t shift = random_int(0, 3) == 0 ? 1 : 0;
    const int activation = random_int(SF_IDENTITY, SF_SIGMOID);
    const bool with_bias = random_int(0, 3) > 0;
    /* 0: nothing, 1: an array, 2: y itself. */
    const int added = type == SF_F32 ? random_int(0, 2) : random_int(0, 1);
    Array<float> bias(out + shift), more(product.results() + shift);
    fill(bias, -3, 3);
    fill(more, -3, 3);
    Activations y(type, product.results()), again(type, product.results());
    std::vector<double> expected = product.sums(product.compute_type);
    for (size_t i = 0; i < expected.size(); i++) {
        const double b = with_bias ? static_cast<double>(bias[i % out + shift]) : 0;
        const auto m = static_cast<double>(more[i + shift]);
        expected[i] = activated(expected[i] + b, activation) + (added > 0 ? m : 0);
    }
    for (Activations* to : {&y, &again}) {
        for (size_t i = 0; i < product.results(); i++) to->set(i, static_cast<double>(more[i + shift]));
        const float* from = added == 2 ? static_cast<const float*>(to->data()) : more.data() + shift;
        check_ok(stream,
                 product.multiply(stream, with_bias ? bias.data() + shift : nullptr, activation,
                                  added > 0 ? from : nullptr, type, to->data(), tile_rows, splits, workspace.data()),
                 "sf_tensor_matmul");
    }
    const std::string what = std::to_string(product.rows) + " x " + std::to_string(product.in) + " by " +
                             std::to_string(product.out) + " in type " + std::to_string(product.compute_type) +
                             ", tiles of " + std::to_string(tile_rows) + " rows, " + std::to_string(splits) +
                             " splits, activation " + std::to_string(activation);
    /* Tensor cores cut their sums: by a simulation of that, 2e-5 is exceeded now and then. */
    check_near(y, expected, y.tolerance(5e-5), what);
    check(y.same_bytes(again), what + ": the same again");
    bool zeros = true;
    for (size_t i = 0; i < 4096; i++) zeros = zeros && workspace.bytes[i] == 0;
    check(zeros, what + ": all tickets are given back");
}

/* The mean of the errors, over the mean of the results: numbers that are cut in place of rounded move it. */
void test_mean_error(sf_stream* stream, Workspace& workspace, int compute_type) {
    Product product(compute_type, 32, 64, 192, 0.25);
    const int type = element_type(compute_type);
    Activations y(type, product.results());
    check_ok(stream, product.multiply(stream, nullptr, SF_IDENTITY, nullptr, type, y.data(), 32, 2, workspace.data()),
             "sf_tensor_matmul");
    double error = 0, mean = 0;
    const std::vector<double> exact = product.sums(SF_F32);
    for (size_t i = 0; i < exact.size(); i++) {
        error += y[i] - exact[i];
        mean += exact[i];
    }
    /* Half a unit in the last place, which cutting moves numbers by on average. */
    const double cut = compute_type == SF_BF16 ? 0x1p-9 : 0x1p-12;
    check(std::fabs(error / mean) < cut / 4, "the mean error in type " + std::to_string(compute_type) + " is " +
                                                 std::to_string(error / mean) + " of the results");
}

/* NaN and infinity stay in their rows and columns. */
void test_not_finite(sf_stream* stream, Workspace& workspace, int compute_type, int splits) {
    Product product(compute_type, 35, 33, 104);
    const double infinity = std::numeric_limits<double>::infinity();
    product.x.set(34 * 104 + 103, infinity);
    product.x.set(3, std::nan(""));
    product.weight.set(32 * 104 + 50, infinity);
    Activations y(SF_F32, product.results());
    check_ok(stream,
             product.multiply(stream, nullptr, SF_RELU, nullptr, SF_F32, y.data(), 32, splits, workspace.data()),
             "sf_tensor_matmul");
    bool right = true;
    for (size_t r = 0; r < 35; r++) {
        for (size_t o = 0; o < 33; o++) {
            const double v = y[r * 33 + o];
            if (r == 0) {
                right = right && std::isnan(v);
            } else if (r < 34 && o < 32) {
                right = right && std::isfinite(v) && v >= 0;
            } else {
                /* Infinity of either sign, or two that meet. */
                right = right && (!std::isfinite(v) || v == 0);
            }
        }
    }
    check(right, "NaN and infinity in type " + std::to_string(compute_type));
}

/* Q and the cache hold the same bytes as after a product into fp32 and an append. */
void test_qkv(sf_stream* stream, Workspace& workspace, int compute_type, int tile_rows, int splits) {
    const int heads = random_int(1, 2), head_size = 32 << random_int(0, 2), layer = random_int(0, 1);
    const int hidden = heads * head_size;
    std::vector<int> tokens, before;
    int rows = random_int(0, 3);
    const int first_row = rows;
    const int segments = random_int(0, 4) == 0 ? kManyItems : random_int(1, 4);
    for (int s = 0; s < segments; s++) {
        tokens.push_back(random_int(0, segments == kManyItems ? 3 : 24));
        before.push_back(random_int(0, 20));
        rows += tokens.back();
    }
    rows += random_int(0, 5) + (rows == 0 ? 1 : 0);
    /* Parts of the inner dimension are 512 bytes of a row at least. */
    Product product(compute_type, rows, 3 * hidden, splits > 1 ? 600 : random_in(compute_type, 80));
    Array<float> qkv(product.results()), bias(3 * static_cast<size_t>(hidden));
    fill(bias, -1, 1);
    Array<int32_t> counts(static_cast<size_t>(rows));
    for (size_t i = 0; i < counts.size(); i++) counts[i] = random_int(1, 400);
    int64_t stride = 0;
    std::vector<int64_t> offsets;
    for (size_t s = 0; s < tokens.size(); s++) {
        offsets.push_back(stride);
        stride += sf_kv_bytes(stream, heads, head_size, before[s] + tokens[s] + 1, compute_type);
    }
    const size_t cache_bytes = static_cast<size_t>(2 * stride);
    const int type = element_type(compute_type);
    const auto elements = static_cast<size_t>(rows) * static_cast<size_t>(hidden);
    Array<unsigned char> cache(cache_bytes), expected_cache(cache_bytes);
    Activations q(type, elements), expected_q(type, elements);
    const auto appends_to = [&](Array<unsigned char>& to) {
        Table<sf_kv_append> appends;
        int row = first_row;
        for (size_t s = 0; s < tokens.size(); s++) {
            appends.push_back({reinterpret_cast<uint64_t>(to.data()) + static_cast<uint64_t>(offsets[s]), stride, row,
                               tokens[s], before[s], before[s] + tokens[s]});
            row += tokens[s];
        }
        return appends;
    };
    const Table<sf_kv_append> expected_appends = appends_to(expected_cache), appends = appends_to(cache);
    check_ok(stream,
             product.multiply(stream, nullptr, SF_IDENTITY, nullptr, SF_F32, qkv.data(), tile_rows, splits,
                              workspace.data()),
             "sf_tensor_matmul");
    check_ok(stream,
             sf_append_kv(stream, expected_appends.data(), segments, rows, heads, head_size, layer, compute_type,
                          qkv.data(), bias.data(), counts.data(), expected_q.data()),
             "sf_append_kv");
    check_ok(stream,
             sf_tensor_matmul_qkv(stream, rows, product.in, compute_type, product.x.data(), product.weight.data(),
                                  appends.data(), segments, heads, head_size, layer, bias.data(), counts.data(),
                                  q.data(), tile_rows, splits, workspace.data()),
             "sf_tensor_matmul_qkv");
    const std::string what = " in type " + std::to_string(compute_type) + ", " + std::to_string(heads) + " heads of " +
                             std::to_string(head_size) + ", " + std::to_string(rows) + " rows";
    check(q.same_bytes(expected_q), "queries" + what);
    check(cache.same_bytes(expected_cache), "the cache" + what);
}

/* Rows of the tables that break a rule are reported as sf_append_kv's, and write nothing. */
void test_qkv_faults(sf_stream* stream, Workspace& workspace) {
    Product product(SF_F16, 4, 96, 8);
    Array<float> bias(96);
    fill(bias);
    Array<int32_t> counts(4);
    for (size_t i = 0; i < 4; i++) counts[i] = 1;
    Activations q(SF_F16, 4 * 32);
    Array<unsigned char> cache(static_cast<size_t>(sf_kv_bytes(stream, 1, 32, 4, SF_F16)));
    Table<sf_kv_append> appends = {{reinterpret_cast<uint64_t>(cache.data()), 0, 0, 4, 0, 4}};
    const auto run = [&](int rows) {
        return sf_tensor_matmul_qkv(stream, rows, 8, SF_F16, product.x.data(), product.weight.data(), appends.data(), 1,
                                    1, 32, 0, bias.data(), counts.data(), q.data(), 32, 1, workspace.data());
    };
    appends[0].capacity = 3;
    check_refused(stream, run(4), SF_INVALID_ARGUMENT, "sf_append_kv", "an append past the capacity");
    appends[0].capacity = 4;
    check(cache.untouched() && q.untouched(), "a refused append writes nothing");
    counts[2] = 0;
    check_refused(stream, run(4), SF_INVALID_ARGUMENT, "sf_append_kv", "a count of 0");
    check(std::isnan(q[2 * 32]) && !std::isnan(q[3 * 32]), "only the row at fault is left out");
    counts[2] = 1;
    check_refused(stream, run(3), SF_INVALID_ARGUMENT, "sf_append_kv", "more rows than there are");
}

void test_refusals(sf_stream* stream, Workspace& workspace) {
    Product product(SF_F16, 2, 2, 16);
    Activations y(SF_F32, 4);
    const auto run = [&](int rows, int in, int compute_type, int activation, int tile_rows, int splits, void* work) {
        return sf_tensor_matmul(stream, rows, 2, in, compute_type, product.x.data(), product.weight.data(), nullptr,
                                activation, nullptr, SF_F32, y.data(), tile_rows, splits, work);
    };
    const auto refused = [&](int status, const std::string& what) {
        check_refused(stream, status, SF_INVALID_ARGUMENT, "sf_tensor_matmul", what);
    };
    refused(run(-1, 16, SF_F16, 0, 32, 1, nullptr), "negative rows");
    refused(run(2, 16, SF_F32, 0, 32, 1, nullptr), "fp32");
    refused(run(2, 15, SF_F16, 0, 32, 1, nullptr), "rows that are not aligned");
    refused(run(2, (1 << 22) + 8, SF_F16, 0, 32, 1, nullptr), "more inputs than a tile reaches");
    refused(run(2, 16, SF_F16, 4, 32, 1, nullptr), "an unknown activation");
    refused(run(2, 16, SF_F16, 0, 48, 1, nullptr), "tiles of 48 rows");
    refused(run(2, 16, SF_F16, 0, 32, 0, nullptr), "no part");
    Product wide(SF_F16, 2, 2, 512);
    refused(wide.multiply(stream, nullptr, 0, nullptr, SF_F32, y.data(), 32, 2, nullptr), "parts without a workspace");
    check_ok(stream, run(0, 16, SF_F16, 0, 32, 1, workspace.data()), "sf_tensor_matmul of no rows");
    check(y.untouched(), "what is refused writes nothing");
    check_refused(stream,
                  sf_tensor_matmul_qkv(stream, 1, 16, SF_F16, product.x.data(), product.weight.data(), nullptr, 1, 1,
                                       48, 0, nullptr, nullptr, nullptr, 32, 1, nullptr),
                  SF_INVALID_ARGUMENT, "sf_tensor_matmul_qkv", "heads of a size that is padded");
}

/* Arrays that begin within an element; x and weight have vectors of 16 bytes. */
void test_misaligned(sf_stream* stream, Workspace& workspace) {
    Product product(SF_F16, 2, 96, 16);
    Array<float> bias(96), added(2 * 96);
    Activations y(SF_F32, 2 * 96);
    Array<int32_t> counts(2);
    Array<unsigned char> cache(static_cast<size_t>(sf_kv_bytes(stream, 1, 32, 2, SF_F16)));
    const Table<sf_kv_append> appends = {{reinterpret_cast<uint64_t>(cache.data()), 0, 0, 2, 0, 2}};
    const auto within = [](auto* array) {
        return reinterpret_cast<decltype(array)>(reinterpret_cast<uintptr_t>(array) + 1);
    };
    const auto refused = [&](int status, const char* operation, const char* what) {
        check_refused(stream, status, SF_INVALID_ARGUMENT, operation, std::string(what) + " that is misaligned");
    };
    const auto multiply = [&](const float* with_bias, const float* with_added, int type, void* to) {
        return product.multiply(stream, with_bias, 0, with_added, type, to, 32, 1, workspace.data());
    };
    refused(multiply(within(bias.data()), nullptr, SF_F32, y.data()), "sf_tensor_matmul", "a bias");
    refused(multiply(nullptr, within(added.data()), SF_F32, y.data()), "sf_tensor_matmul", "added");
    auto* const bytes = static_cast<unsigned char*>(y.data());
    refused(multiply(nullptr, nullptr, SF_F32, bytes + 2), "sf_tensor_matmul", "y");
    refused(multiply(nullptr, nullptr, SF_F16, bytes + 1), "sf_tensor_matmul", "y");
    const auto multiply_qkv = [&](const sf_kv_append* table, const int32_t* weights) {
        return sf_tensor_matmul_qkv(stream, 2, 16, SF_F16, product.x.data(), product.weight.data(), table, 1, 1, 32, 0,
                                    bias.data(), weights, y.data(), 32, 1, workspace.data());
    };
    refused(multiply_qkv(within(appends.data()), counts.data()), "sf_tensor_matmul_qkv", "a table");
    refused(multiply_qkv(appends.data(), within(counts.data())), "sf_tensor_matmul_qkv", "an array of counts");
    check(y.untouched() && cache.untouched(), "what is refused for its alignment writes nothing");
}

}  // namespace

void test_tensor_matmul(sf_stream* stream) {
    Workspace workspace;
    for (const int compute_type : backend_compute_types) {
        if (compute_type == SF_F32) continue;
        const int type = element_type(compute_type);
        for (const int tile_rows : kTileRows) {
            for (int i = 0; i < (brief ? 2 : 6); i++) {
                const int most = i == 0 ? 256 : 70;
                Product product(compute_type, random_int(1, most), random_int(1, i == 1 ? 150 : 70),
                                random_in(compute_type, i < 3 ? 130 : 700));
                test_linear(stream, workspace, product, i % 2 == 0 ? type : SF_F32, tile_rows, random_int(1, 5));
            }
            Product whole(compute_type, 64, 64, 1024);
            test_linear(stream, workspace, whole, SF_F32, tile_rows, 3);
            for (int i = 0; i < fewer(3); i++) {
                test_qkv(stream, workspace, compute_type, tile_rows, i == 0 ? random_int(2, 3) : 1);
            }
        }
        test_mean_error(stream, workspace, compute_type);
        test_not_finite(stream, workspace, compute_type, 1);
        test_not_finite(stream, workspace, compute_type, 2);
    }
    test_qkv_faults(stream, workspace);
    test_refusals(stream, workspace);
    test_misaligned(stream, workspace);
}
