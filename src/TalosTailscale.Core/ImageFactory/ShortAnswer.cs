using System.Text;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>Reads short answers without trusting that they are short.</summary>
internal static class ShortAnswer
{
    public static async Task<string> ReadAsync(
        HttpContent content,
        int maximum,
        Uri uri,
        CancellationToken cancellationToken
    )
    {
        var (text, complete) = await ReadUpToAsync(content, maximum, cancellationToken).ConfigureAwait(false);
        return complete
            ? text
            : throw ImageFactoryErrors.FactoryProtocolViolation.New(
                $"'{uri}' answered more than {maximum} bytes, which is not expected of it.",
                uri
            );
    }

    public static async Task<(string Text, bool Complete)> ReadUpToAsync(
        HttpContent content,
        int maximum,
        CancellationToken cancellationToken
    )
    {
        using var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var bytes = new MemoryStream();
        var buffer = new byte[16384];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0)
                return (Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length), true);
            var take = Math.Min(read, maximum - (int)bytes.Length);
            bytes.Write(buffer, 0, take);
            if (take < read)
                return (Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length), false);
        }
    }
}
