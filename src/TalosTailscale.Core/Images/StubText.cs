using System.Text;

namespace TalosTailscale.Core.Images;

/// <summary>
/// The <c>.cmdline</c> section as the stub reads it (systemd, src/boot: xstrn8_to_16 and mangle_stub_cmdline), which is
/// what the kernel gets and so what decides. Fit for decisions, not for a terminal.
/// </summary>
internal static class StubText
{
    /// <summary>
    /// UTF-8 up to the first zero byte, what is malformed or beyond U+FFFF left out, overlong forms taken; control
    /// characters are blanks, none of them at either end.
    /// </summary>
    public static string Read(ReadOnlySpan<byte> section)
    {
        var text = new StringBuilder(section.Length);
        while (!section.IsEmpty && section[0] != 0)
        {
            var length = Decode(section, out var point);
            if (point is >= 0 and <= 0xD7FF or >= 0xE000 and <= 0xFFFF)
                text.Append(point is <= 0x20 or 0x7F ? ' ' : (char)point);
            section = section[Math.Min(length, section.Length)..];
        }

        return text.ToString().Trim(' ');
    }

    // The length that the first byte says is skipped whole, also where the bytes behind it do not belong to it.
    private static int Decode(ReadOnlySpan<byte> bytes, out int point)
    {
        var first = bytes[0];
        var (length, bits) = first switch
        {
            < 0x80 => (1, first),
            >= 0xC0 and < 0xE0 => (2, first & 0x1F),
            >= 0xE0 and < 0xF0 => (3, first & 0x0F),
            >= 0xF0 and < 0xF8 => (4, first & 0x07),
            >= 0xF8 and < 0xFC => (5, first & 0x03),
            >= 0xFC and < 0xFE => (6, first & 0x01),
            _ => (1, -1),
        };
        point = length > bytes.Length ? -1 : bits;
        for (var i = 1; i < length && point >= 0; i++)
            point = (bytes[i] & 0xC0) == 0x80 ? (point << 6) | (bytes[i] & 0x3F) : -1;
        return length;
    }
}
