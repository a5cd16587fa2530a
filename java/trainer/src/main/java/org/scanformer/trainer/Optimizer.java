package org.scanformer.trainer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Steps on the parameter vector: AdamW (Loshchilov and Hutter 2019) for all of it, or for all
 * except the layers' matrices, which take Muon's orthogonalised momentum (Jordan et al. 2024).
 * Query, key and value are orthogonalised separately.
 *
 * <p>Owns its moments until {@link #close()}. Not thread-safe.
 */
final class Optimizer implements AutoCloseable {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.98;
  private static final double EPSILON = 1e-8;
  private static final double MOMENTUM = 0.95;
  private static final int NEWTON_SCHULZ_STEPS = 5;

  private final Parameters parameters;
  private final boolean muon;
  private final double weightDecay;
  private final ScalarType type;
  private final Tensor first;
  private final Tensor second;
  private final Tensor decayMask;

  /**
   * An optimiser with zero moments.
   *
   * @param muon whether Muon optimises the layers' matrices
   * @param weightDecay decoupled, relative to the step's learning rate
   * @param type of Muon's products: Float or BFloat16
   */
  Optimizer(Parameters parameters, boolean muon, double weightDecay, ScalarType type) {
    this.type = type;
    this.parameters = parameters;
    this.muon = muon;
    this.weightDecay = weightDecay;
    Tensor like = parameters.values();
    first = Torch.zeros(like.device(), ScalarType.Float, parameters.size());
    second = Torch.zeros(like.device(), ScalarType.Float, parameters.size());
    decayMask = parameters.decayMask();
  }

  /** First moments, [size]; of Muon's matrices the momentum. */
  Tensor first() {
    return first;
  }

  /** Second moments, [size]; zero for Muon's matrices. */
  Tensor second() {
    return second;
  }

  /**
   * Takes a step down the gradients. Call it without gradient recording.
   *
   * @param number of the step, from 1 on
   * @param adamRate AdamW's learning rate
   * @param muonRate Muon's learning rate
   */
  void step(long number, double adamRate, double muonRate) {
    if (weightDecay > 0) {
      Tensor shrink = decayMask.mul(Torch.scalar(-weightDecay * adamRate)).add(Torch.scalar(1));
      parameters.values().mul_(shrink);
    }
    long matrices = muon ? parameters.matrixElements() : 0;
    adam(number, adamRate, matrices);
    if (muon) {
      for (Parameters.MatrixStack stack : parameters.matrixStacks()) {
        muon(stack, muonRate);
      }
    }
  }

  private void adam(long number, double rate, long from) {
    long count = parameters.size() - from;
    Tensor g = parameters.gradients().narrow(0, from, count);
    Tensor m = first.narrow(0, from, count);
    Tensor v = second.narrow(0, from, count);
    m.lerp_(g, Torch.scalar(1 - BETA1));
    v.mul_(Torch.scalar(BETA2)).addcmul_(g, g, Torch.scalar(1 - BETA2));
    double scale1 = 1 - Math.pow(BETA1, number);
    double scale2 = 1 - Math.pow(BETA2, number);
    Tensor root = v.div(Torch.scalar(scale2)).sqrt().add(Torch.scalar(EPSILON));
    parameters.values().narrow(0, from, count).addcdiv_(m, root, Torch.scalar(-rate / scale1));
  }

  private void muon(Parameters.MatrixStack stack, double rate) {
    Tensor g = stackOf(parameters.gradients(), stack);
    Tensor momentum = stackOf(first, stack);
    momentum.mul_(Torch.scalar(MOMENTUM)).add_(g);
    Tensor nesterov = g.add(momentum, Torch.scalar(MOMENTUM));
    Tensor update = orthogonalized(nesterov);
    double shape = Math.sqrt(Math.max(1, (double) stack.rows() / stack.cols()));
    stackOf(parameters.values(), stack).add_(update, Torch.scalar(-rate * shape));
  }

  private static Tensor stackOf(Tensor flat, Parameters.MatrixStack stack) {
    return flat.narrow(0, stack.offset(), stack.elements())
        .view(stack.count(), stack.rows(), stack.cols());
  }

  /** Nearly orthogonal matrices of the same row and column spaces, [n, r, c]. */
  private Tensor orthogonalized(Tensor matrices) {
    boolean tall = matrices.size(1) > matrices.size(2);
    Tensor x = tall ? matrices.transpose(1, 2) : matrices;
    Tensor norm =
        x.square().sum(new long[] {1, 2}, true, new org.bytedeco.pytorch.ScalarTypeOptional());
    x = x.div(norm.sqrt().add(Torch.scalar(1e-7))).to(type).contiguous();
    Scalar a = Torch.scalar(3.4445);
    Scalar b = Torch.scalar(-4.7750);
    Scalar c = Torch.scalar(2.0315);
    for (int i = 0; i < NEWTON_SCHULZ_STEPS; i++) {
      Tensor gram = x.bmm(x.transpose(1, 2));
      Tensor polynomial = gram.mul(b).add(gram.bmm(gram), c);
      x = x.mul(a).add(polynomial.bmm(x));
    }
    x = x.to(ScalarType.Float);
    return tall ? x.transpose(1, 2) : x;
  }

  @Override
  public void close() {
    first.close();
    second.close();
    decayMask.close();
  }
}
