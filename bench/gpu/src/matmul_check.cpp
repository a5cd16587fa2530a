/*
 * Checks cuBLASLt as the engine uses it against the plain matrix product: the products of ViLT-B/32's layers, the
 * project's types (fp32 and tf32 of one number of rows), with and without the bias epilogue, 32 MiB of workspace, run
 * and then recorded in a graph and replayed. Times each, the first algorithm of the heuristic beside the fastest of its
 * first eight. Then the device's peak: a large square product of each type. A line of JSON each, "FAILED ..." for what
 * is wrong. --quick takes a few small products. Exits with 0 when all of them agree, with 77 where there is no device.
 */
#include <cmath>
#include <cstring>

#include "cublaslt.h"
#include "timer.h"

namespace {

using namespace cublaslt;

constexpr int64_t kWorkspace = 32 << 20;

bool quick = false;
int failures = 0;

void check(int status, const char* what) {
    if (status == kSuccess) return;
    std::fprintf(stderr, "%s: cuBLAS error %d\n", what, status);
    std::exit(1);
}

int data_type(int type) { return type == SF_F16 ? kR16F : type == SF_BF16 ? kR16BF : kR32F; }

/* y = x weight^T, in cuBLAS's order of columns first [out, rows] = weight^T x. */
class Product {
  public:
    Product(void* handle, int rows, int out, int in, int type, int y_type, bool tf32, const Buffer* bias)
        : handle_(handle) {
        check(cublasLtMatmulDescCreate(&desc_, tf32 ? kCompute32FFastTf32 : kCompute32F, kR32F), "a description");
        check(
            cublasLtMatrixLayoutCreate(&a_, data_type(type), static_cast<uint64_t>(in), static_cast<uint64_t>(out), in),
            "a layout");
        check(cublasLtMatrixLayoutCreate(&b_, data_type(type), static_cast<uint64_t>(in), static_cast<uint64_t>(rows),
                                         in),
              "a layout");
        check(cublasLtMatrixLayoutCreate(&d_, data_type(y_type), static_cast<uint64_t>(out),
                                         static_cast<uint64_t>(rows), out),
              "a layout");
        set(kTransA, kOperationT);
        set(kEpilogue, bias ? kEpilogueBias : kEpilogueDefault);
        if (bias) set(kBiasPointer, bias->address());
        find();
    }
    Product(const Product&) = delete;
    Product& operator=(const Product&) = delete;
    ~Product() {
        (void)cublasLtMatrixLayoutDestroy(d_);
        (void)cublasLtMatrixLayoutDestroy(b_);
        (void)cublasLtMatrixLayoutDestroy(a_);
        (void)cublasLtMatmulDescDestroy(desc_);
    }

    int found() const { return found_; }

    void enqueue(sf_stream* stream, int choice, const Buffer& x, const Buffer& weight, const Buffer& y,
                 const Buffer& workspace) const {
        const float one = 1, zero = 0;
        check(cublasLtMatmul(handle_, desc_, &one, weight.as(), a_, x.as(), b_, &zero, y.as(), d_, y.as(), d_,
                             &results_[choice].algorithm, workspace.as(), static_cast<size_t>(workspace.bytes()),
                             sf_cuda_queue(stream)),
              "cublasLtMatmul");
    }

  private:
    template <typename T>
    void set(int attribute, T value) {
        check(cublasLtMatmulDescSetAttribute(desc_, attribute, &value, sizeof value), "an attribute");
    }

    void find() {
        void* preference = nullptr;
        check(cublasLtMatmulPreferenceCreate(&preference), "a preference");
        const auto prefer = [&](int attribute, auto value) {
            check(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value), "a preference");
        };
        prefer(kMaxWorkspaceBytes, static_cast<uint64_t>(kWorkspace));
        prefer(kReductionSchemes, kReductionComputeType);
        for (int attribute = kMinAlignmentA; attribute <= kMinAlignmentD; attribute++) prefer(attribute, uint32_t{16});
        const int status =
            cublasLtMatmulAlgoGetHeuristic(handle_, desc_, a_, b_, d_, d_, preference, 8, results_, &found_);
        if (status == kNotSupported) {
            found_ = 0;
        } else {
            check(status, "cublasLtMatmulAlgoGetHeuristic");
        }
        check(cublasLtMatmulPreferenceDestroy(preference), "a preference");
        /* Each result has a status of its own. */
        const auto end =
            std::remove_if(results_, results_ + found_, [](const Heuristic& h) { return h.state != kSuccess; });
        found_ = static_cast<int>(end - results_);
    }

    void* handle_;
    void* desc_ = nullptr;
    void *a_ = nullptr, *b_ = nullptr, *d_ = nullptr;
    Heuristic results_[8] = {};
    int found_ = 0;
};

std::vector<unsigned char> bytes_in(sf_stream* stream, const Buffer& from) {
    std::vector<unsigned char> bytes(static_cast<size_t>(from.bytes()));
    require(sf_download(stream, from.as(), 0, bytes.data(), from.bytes()), stream, "sf_download");
    return bytes;
}

/* The numbers of a type that bytes hold. */
std::vector<float> numbers(const std::vector<unsigned char>& bytes, int type) {
    std::vector<float> values(bytes.size() / static_cast<size_t>(bytes_of(type)));
    if (type == SF_F32) {
        std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }
    for (size_t i = 0; i < values.size(); i++) {
        uint16_t half;
        std::memcpy(&half, &bytes[2 * i], 2);
        if (type == SF_BF16) {
            const uint32_t bits = static_cast<uint32_t>(half) << 16;
            std::memcpy(&values[i], &bits, 4);
        } else {
            _Float16 number;
            std::memcpy(&number, &half, 2);
            values[i] = static_cast<float>(number);
        }
    }
    return values;
}

struct Shape {
    const char* layer;
    int rows, out, in;
};

/* The largest difference relative to a row's length, sqrt(in), which is what its sum spreads by. */
double difference(const std::vector<float>& actual, const std::vector<float>& expected, int in) {
    double worst = 0;
    for (size_t i = 0; i < actual.size(); i++) {
        const double d = std::fabs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
        if (!(d <= worst)) worst = std::isnan(d) ? INFINITY : d;
    }
    return worst / std::sqrt(static_cast<double>(in));
}

void check_product(sf_stream* stream, void* handle, const Shape& shape, int type, int y_type, bool tf32,
                   bool with_bias) {
    const int64_t results = static_cast<int64_t>(shape.rows) * shape.out;
    const Buffer x = normal(stream, static_cast<int64_t>(shape.rows) * shape.in, type);
    const Buffer weight = normal(stream, static_cast<int64_t>(shape.out) * shape.in, type);
    const std::vector<float> bias_values = normal_numbers(shape.out);
    const Buffer bias = uploaded(stream, bias_values);
    const Buffer expected_y(stream, 4 * results), workspace(stream, kWorkspace);
    Buffer y(stream, bytes_of(y_type) * results);
    const Product product(handle, shape.rows, shape.out, shape.in, type, y_type, tf32, with_bias ? &bias : nullptr);
    if (product.found() == 0) {
        print_record(
            "{\"record\": \"product\", \"layer\": \"%s\", \"rows\": %d, \"out\": %d, \"in\": %d, \"type\": \"%s\", "
            "\"found\": 0}",
            shape.layer, shape.rows, shape.out, shape.in, tf32 ? "tf32" : name_of(type));
        return;
    }
    require(
        sf_plain_matmul(stream, shape.rows, shape.out, shape.in, type, x.as(), weight.as(), SF_F32, expected_y.as()),
        stream, "sf_plain_matmul");
    std::vector<float> expected = numbers(bytes_in(stream, expected_y), SF_F32);
    for (size_t i = 0; i < expected.size() && with_bias; i++) expected[i] += bias_values[i % bias_values.size()];
    /*
     * fp32: other orders of the sum; the others: rounded factors or results, of values of about sqrt(in). Tensor cores
     * cut their sums of products of 16 bits, which by a simulation of that adds up to 3e-5 with 3,072 inputs.
     */
    const double tolerance = tf32                ? 5e-3
                             : y_type == SF_BF16 ? 2e-2
                             : y_type == SF_F16  ? 3e-3
                             : type == SF_F32    ? 2e-5
                                                 : 1e-4;
    const std::vector<unsigned char> poison(static_cast<size_t>(y.bytes()), 0xff);
    double worst = 0;
    std::vector<double> medians;
    for (int choice = 0; choice < product.found(); choice++) {
        const auto run = [&](int) { product.enqueue(stream, choice, x, weight, y, workspace); };
        y.upload(poison.data(), y.bytes());
        medians.push_back(time_in_graph(stream, quick ? 1 : 20, quick ? 1 : 10, run).median);
        const std::vector<unsigned char> replayed = bytes_in(stream, y);
        worst = std::max(worst, difference(numbers(replayed, y_type), expected, shape.in));
        y.upload(poison.data(), y.bytes());
        run(0);
        require(sf_synchronize(stream), stream, "sf_synchronize");
        if (bytes_in(stream, y) != replayed) {
            failures++;
            std::printf("FAILED %s of %d rows, algorithm %d: run and replayed, it gives different results\n",
                        shape.layer, shape.rows, choice);
        }
    }
    if (!(worst <= tolerance)) {
        failures++;
        std::printf("FAILED %s of %d rows in %s: off by %.2g, expected at most %.2g\n", shape.layer, shape.rows,
                    tf32 ? "tf32" : name_of(type), worst, tolerance);
    }
    const double best = *std::min_element(medians.begin(), medians.end());
    print_record(
        "{\"record\": \"product\", \"layer\": \"%s\", \"rows\": %d, \"out\": %d, \"in\": %d, \"type\": \"%s\", "
        "\"result\": "
        "\"%s\", \"bias\": %s, \"found\": %d, \"us_first\": %.3f, \"us_best\": %.3f, \"tflop_s\": %.2f, "
        "\"weight_gb_s\": "
        "%.1f, \"error\": %.3g}",
        shape.layer, shape.rows, shape.out, shape.in, tf32 ? "tf32" : name_of(type), name_of(y_type),
        with_bias ? "true" : "false", product.found(), medians[0], best, 2.0 * results * shape.in / best / 1e6,
        static_cast<double>(bytes_of(type)) * shape.out * shape.in / best / 1e3, worst);
}

/* What the device's matrix units do at best. */
void peak(sf_stream* stream, void* handle, int type, bool tf32) {
    const int n = quick ? 64 : 8192;
    const Buffer x = normal(stream, static_cast<int64_t>(n) * n, type),
                 weight = normal(stream, static_cast<int64_t>(n) * n, type);
    const Buffer y(stream, static_cast<int64_t>(n) * n * bytes_of(type)), workspace(stream, kWorkspace);
    const Product product(handle, n, n, n, type, type, tf32, nullptr);
    if (product.found() == 0) return;
    const Times times =
        time_in_graph(stream, 1, quick ? 1 : 5, [&](int) { product.enqueue(stream, 0, x, weight, y, workspace); });
    print_record("{\"record\": \"limit\", \"what\": \"matrix %s\", \"tflop_s\": %.1f}", tf32 ? "tf32" : name_of(type),
                 2.0 * n * n * n / times.median / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
    quick = parse_quick(argc, argv);
    sf_stream* stream = open_device();
    void* handle = nullptr;
    check(cublasLtCreate(&handle), "cublasLtCreate");
    print_record("{\"record\": \"limit\", \"what\": \"cuBLASLt version\", \"version\": %zu}", cublasLtGetVersion());
    std::vector<Shape> shapes;
    /* Few, as at batch 1, where bf16's are compared with the engine's own; those of batch 8 and 64. */
    for (const int rows : quick ? std::vector<int>{5} : std::vector<int>{48, 64, 112, 160, 192, 656, 1160, 5248}) {
        const int hidden = quick ? 32 : 768;
        shapes.push_back({"qkv", rows, 3 * hidden, hidden});
        shapes.push_back({"projection", rows, hidden, hidden});
        shapes.push_back({"fc1", rows, 4 * hidden, hidden});
        shapes.push_back({"fc2", rows, hidden, 4 * hidden});
        shapes.push_back({"patch", rows, hidden, quick ? 48 : 3072});
    }
    shapes.push_back({"head of one row", 1, quick ? 8 : 4, quick ? 32 : 768});
    const bool ampere = sf_compute_capability(stream) >= 80;
    /* First, as all else is compared with them. */
    peak(stream, handle, SF_F32, false);
    if (ampere) peak(stream, handle, SF_F32, true);
    peak(stream, handle, SF_F16, false);
    if (ampere) peak(stream, handle, SF_BF16, false);
    for (const Shape& shape : shapes) {
        const bool few = shape.rows > 5 && shape.rows <= 192;
        if (shape.rows <= 5 || shape.rows == 656) {
            check_product(stream, handle, shape, SF_F32, SF_F32, false, true);
            if (ampere) check_product(stream, handle, shape, SF_F32, SF_F32, true, true);
        }
        for (const int type : {SF_F16, SF_BF16}) {
            if (type == SF_BF16 ? !ampere : few) continue;
            check_product(stream, handle, shape, type, SF_F32, false, true);
            check_product(stream, handle, shape, type, type, false, false);
        }
    }
    check(cublasLtDestroy(handle), "cublasLtDestroy");
    sf_stream_destroy(stream);
    return failures == 0 ? 0 : 1;
}
