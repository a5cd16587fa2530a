package org.scanformer.server.grpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import org.scanformer.server.Admission;
import org.scanformer.server.ServiceException;

/**
 * Counts what a message will take before it is read, as a field of two bytes can take a hundred
 * bytes of memory. Nothing is made of the message, and the bytes of texts and images, which are
 * counted as they come, are skipped. Not safe for use by several threads.
 */
final class MessageMemory {
  /** The most that is found before it is counted. */
  private static final int STEP = 1 << 16;

  /** A message or a text, and its place in a list. */
  private static final int FIELD = 128;

  /** A list is copied to one of half more as it grows. */
  private static final int COPIES = 3;

  /** More than any request has; the numbers of tensors are no fields of their own. */
  private static final int MAX_FIELDS = 1000;

  private final CodedInputStream in;
  private final Admission.Ticket ticket;
  private int uncounted;
  private int fields;

  private MessageMemory(byte[] message, Admission.Ticket ticket) {
    this.in = CodedInputStream.newInstance(message);
    this.ticket = ticket;
  }

  /**
   * Counts a whole message.
   *
   * @throws IOException when it is not one
   * @throws ServiceException OVERLOADED when it needs more than the ticket gives; BAD_REQUEST when
   *     it has too many fields
   */
  static void count(byte[] message, Descriptor type, Admission.Ticket ticket) throws IOException {
    MessageMemory memory = new MessageMemory(message, ticket);
    memory.count(type);
    ticket.reserve(memory.uncounted);
  }

  /** Goes no deeper than the protocol's types, none of which contains itself. */
  private void count(Descriptor type) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
      int form = WireFormat.getTagWireType(tag);
      if (form == WireFormat.WIRETYPE_START_GROUP) {
        throw ServiceException.badRequest("The message has groups, and the protocol has none");
      }
      if (field != null && field.isPackable() && form == field.getLiteType().getWireType()) {
        countNumber(tag, field);
        continue;
      }
      if (++fields > MAX_FIELDS) {
        throw ServiceException.badRequest("The message has more than %d fields", MAX_FIELDS);
      }
      add(FIELD);
      boolean isWithin = field != null && form == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      if (isWithin && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        int end = in.pushLimit(in.readRawVarint32());
        count(field.getMessageType());
        in.popLimit(end);
      } else if (isWithin && field.isPackable()) {
        int end = in.pushLimit(in.readRawVarint32());
        while (!in.isAtEnd()) {
          countNumber(field.getLiteType().getWireType(), field);
        }
        in.popLimit(end);
      } else {
        in.skipField(tag);
      }
    }
  }

  private void countNumber(int tag, FieldDescriptor field) throws IOException {
    in.skipField(tag);
    add(
        COPIES
            * switch (field.getJavaType()) {
              case BOOLEAN -> 1;
              case INT, FLOAT -> Integer.BYTES;
              default -> Long.BYTES;
            });
  }

  private void add(int bytes) {
    uncounted += bytes;
    if (uncounted >= STEP) {
      ticket.reserve(uncounted);
      uncounted = 0;
    }
  }
}
