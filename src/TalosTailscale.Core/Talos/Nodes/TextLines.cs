using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace TalosTailscale.Core.Talos;

/// <summary>Lines out of a stream of bytes that is cut anywhere, also inside a character.</summary>
internal static class TextLines
{
    // A line that never ends must not fill the memory: it is given out in pieces.
    internal const int MaxLineBytes = 1 << 20;

    internal static async IAsyncEnumerable<string> ReadAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> parts,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        var rest = new ArrayBufferWriter<byte>(256);
        await foreach (ReadOnlyMemory<byte> part in parts.WithCancellation(cancellation).ConfigureAwait(false))
        {
            ReadOnlyMemory<byte> left = part;
            while (true)
            {
                int end = left.Span.IndexOf((byte)'\n');
                if (end < 0)
                    break;
                if (rest.WrittenCount == 0)
                {
                    yield return Text(left.Span[..end]);
                }
                else
                {
                    rest.Write(left.Span[..end]);
                    yield return Text(rest.WrittenSpan);
                    rest.ResetWrittenCount();
                }

                left = left[(end + 1)..];
            }

            rest.Write(left.Span);
            if (rest.WrittenCount >= MaxLineBytes)
            {
                yield return Text(rest.WrittenSpan);
                rest.ResetWrittenCount();
            }
        }

        if (rest.WrittenCount > 0)
            yield return Text(rest.WrittenSpan);
    }

    private static string Text(ReadOnlySpan<byte> line) =>
        Encoding.UTF8.GetString(line is [.., (byte)'\r'] ? line[..^1] : line);
}
