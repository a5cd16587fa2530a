package org.scanformer.bench.peers;

/**
 * Another way to do a {@link org.scanformer.bench.Workload}, with all that can be prepared done
 * before: weights laid out, pyramids made and, where the text is cached, its keys and values there.
 * Not safe for use by several threads.
 */
public interface Peer extends AutoCloseable {
  /**
   * Answers the requests.
   *
   * @return [batch * 4], each request's last box as (cx, cy, w, h)
   */
  float[] locate();

  @Override
  void close();
}
