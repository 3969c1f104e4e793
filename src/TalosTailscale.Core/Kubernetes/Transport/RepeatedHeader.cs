using System.Text;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Sends a header once for each of its values. .NET writes all of them as one line with commas between, which Kubernetes
/// takes for one group of that name. Values are joined by a character that none may hold; on the wire it is the next line.
/// </summary>
internal sealed class RepeatedHeader : Encoding
{
    private const char Next = '\uE000';

    private readonly byte[] _line;

    private RepeatedHeader(string name) => _line = ASCII.GetBytes($"\r\n{name}: ");

    /// <summary>The encoding for headers that <see cref="Join"/> made; null for all others.</summary>
    internal static Encoding? For(string name) =>
        name.StartsWith(ImpersonationHeaders.Prefix, StringComparison.OrdinalIgnoreCase)
            ? new RepeatedHeader(name)
            : null;

    /// <summary>One value out of several.</summary>
    /// <exception cref="TsException">KubeconfigInvalid where one could be read as a line of its own.</exception>
    internal static string Join(string name, IReadOnlyList<string> values) =>
        values.FirstOrDefault(one => one.Any(c => char.IsControl(c) || c == Next)) is null
            ? string.Join(Next, values)
            : throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig has a control character in what would be the header '{name}'."
            );

    /// <inheritdoc/>
    public override int GetByteCount(char[] chars, int index, int count) => Bytes(chars.AsSpan(index, count)).Length;

    /// <inheritdoc/>
    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)
    {
        byte[] encoded = Bytes(chars.AsSpan(charIndex, charCount));
        encoded.CopyTo(bytes, byteIndex);
        return encoded.Length;
    }

    /// <inheritdoc/>
    public override int GetMaxByteCount(int charCount) => checked(charCount * Math.Max(4, _line.Length));

    /// <inheritdoc/>
    public override int GetCharCount(byte[] bytes, int index, int count) => UTF8.GetCharCount(bytes, index, count);

    /// <inheritdoc/>
    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        UTF8.GetChars(bytes, byteIndex, byteCount, chars, charIndex);

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => UTF8.GetMaxCharCount(byteCount);

    private byte[] Bytes(ReadOnlySpan<char> text)
    {
        var bytes = new List<byte>(text.Length);
        while (text.IndexOf(Next) is >= 0 and var at)
        {
            bytes.AddRange(UTF8.GetBytes(text[..at].ToArray()));
            bytes.AddRange(_line);
            text = text[(at + 1)..];
        }

        bytes.AddRange(UTF8.GetBytes(text.ToArray()));
        return [.. bytes];
    }
}
