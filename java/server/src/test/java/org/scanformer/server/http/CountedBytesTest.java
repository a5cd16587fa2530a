package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.scanformer.server.Admission;
import org.scanformer.server.Limits;
import org.scanformer.server.ServiceException;

class CountedBytesTest {
  private final Admission admission = new Admission(Limits.defaults());
  private final Admission.Ticket ticket = admission.open();

  private static ByteBuffer piece(int... bytes) {
    ByteBuffer piece = ByteBuffer.allocate(bytes.length);
    for (int each : bytes) {
      piece.put((byte) each);
    }
    return piece.flip();
  }

  @Test
  void countsTheArrayAndNotWhatFillsIt() {
    CountedBytes bytes = new CountedBytes(ticket, 100);
    bytes.add(piece(1, 2, 3));
    assertEquals(6, admission.bytes());
    bytes.add(piece(4, 5, 6));
    assertEquals(6, admission.bytes());
    bytes.add(piece(7));
    assertEquals(14, admission.bytes());
    assertEquals(7, bytes.size());
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6, 7}, bytes.take());
    assertEquals(7, admission.bytes());
    assertEquals(0, bytes.size());
  }

  @Test
  void growsNoFurtherThanIsExpectedUnlessMoreComes() {
    CountedBytes bytes = new CountedBytes(ticket, 4);
    bytes.add(piece(1, 2, 3));
    assertEquals(4, admission.bytes());
    bytes.add(piece(4, 5));
    assertEquals(5, admission.bytes());
  }

  @Test
  void takesNoMemoryThatIsRefused() {
    CountedBytes bytes = new CountedBytes(ticket, 100);
    bytes.add(piece(1));
    ticket.close();
    assertThrows(ServiceException.class, () -> bytes.add(piece(2, 3)));
    assertEquals(1, bytes.size());
    bytes.forget();
    assertArrayEquals(new byte[0], bytes.take());
    assertEquals(0, admission.bytes());
  }
}
