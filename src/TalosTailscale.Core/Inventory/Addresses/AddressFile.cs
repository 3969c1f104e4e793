using System.Text;

namespace TalosTailscale.Core.Inventory;

/// <summary>
/// A text file that says an address. It is handled as bytes: what is not the address stays as it is, whatever its
/// encoding and line ends are.
/// </summary>
public sealed class AddressFile
{
    /// <summary>The longest file that is looked into, in bytes.</summary>
    public const long MaximumBytes = 16 << 20;

    private readonly string _text;

    private AddressFile(string path, byte[] bytes, AddressForms forms)
    {
        Path = path;
        Forms = forms;

        // One character for each byte, and back.
        _text = Encoding.Latin1.GetString(bytes);
        Bytes = bytes;
        Matches = AddressFinder.Find(_text, forms);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What was looked for.</summary>
    public AddressForms Forms { get; }

    /// <summary>The places, their offsets in bytes.</summary>
    public IReadOnlyList<AddressMatch> Matches { get; }

    internal byte[] Bytes { get; }

    /// <summary>The whole as text, for showing differences.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="forms">What to look for.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>The file; null when it is no text, too long, or says none of it.</returns>
    /// <exception cref="TsException"><see cref="InventoryErrors.InventoryUnreadable"/>.</exception>
    public static async Task<AddressFile?> ReadAsync(string path, AddressForms forms, CancellationToken cancellation)
    {
        try
        {
            if (new FileInfo(path).Length > MaximumBytes)
                return null;
            byte[] bytes = await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false);
            if (bytes.AsSpan(0, Math.Min(bytes.Length, 8192)).Contains((byte)0))
                return null;
            var file = new AddressFile(path, bytes, forms);
            return file.Matches.Count > 0 ? file : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InventoryErrors.InventoryUnreadable.New($"'{path}' could not be read: {e.Message}", path, e);
        }
    }

    /// <summary>Line and column of an offset, from 1; the column in characters.</summary>
    /// <param name="offset">The offset in bytes.</param>
    /// <returns>Line and column.</returns>
    public (int Line, int Column) Position(int offset)
    {
        int lineStart = offset == 0 ? 0 : _text.LastIndexOf('\n', offset - 1) + 1;
        int line = 1 + _text.AsSpan(0, lineStart).Count('\n');
        return (line, 1 + Encoding.UTF8.GetCharCount(Bytes, lineStart, offset - lineStart));
    }

    /// <summary>The line that an offset is in, without its end.</summary>
    /// <param name="offset">The offset in bytes.</param>
    /// <returns>The line.</returns>
    public string LineAt(int offset)
    {
        int start = offset == 0 ? 0 : _text.LastIndexOf('\n', offset - 1) + 1;
        int end = _text.IndexOf('\n', offset);
        return Encoding.UTF8.GetString(Bytes, start, (end < 0 ? _text.Length : end) - start).TrimEnd('\r');
    }

    /// <summary>The word around a match: what stands between blanks, quotes, commas and brackets.</summary>
    /// <param name="match">The match.</param>
    /// <returns>The word, and the same with the address replaced; the second is null where there is no replacement.</returns>
    public (string Old, string? New) WordAt(AddressMatch match)
    {
        int start = match.Start,
            end = match.End;
        while (start > 0 && IsPartOfWord(_text[start - 1]))
            start--;
        while (end < _text.Length && IsPartOfWord(_text[end]))
            end++;
        string? replacement = Forms.Replacement(match.Form);
        return (
            _text[start..end],
            replacement is null ? null : _text[start..match.Start] + replacement + _text[match.End..end]
        );
    }

    /// <summary>The bytes with some places replaced.</summary>
    /// <param name="matches">Which; those without a replacement stay.</param>
    /// <returns>The bytes.</returns>
    public byte[] Replace(IEnumerable<AddressMatch> matches) =>
        Encoding.Latin1.GetBytes(Replace(_text, Forms, matches));

    /// <summary>A text with some places replaced.</summary>
    /// <param name="text">The text in which they were found.</param>
    /// <param name="forms">What was looked for.</param>
    /// <param name="matches">Which; those without a replacement stay.</param>
    /// <returns>The text.</returns>
    public static string Replace(string text, AddressForms forms, IEnumerable<AddressMatch> matches)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(forms);
        var result = new StringBuilder(text.Length + 16);
        int at = 0;
        foreach (AddressMatch match in matches.OrderBy(match => match.Start))
        {
            if (forms.Replacement(match.Form) is not { } replacement)
                continue;
            result.Append(text, at, match.Start - at).Append(replacement);
            at = match.End;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static bool IsPartOfWord(char c) =>
        c > ' ' && c is not ('"' or '\'' or ',' or '[' or ']' or '(' or ')' or '<' or '>' or '`' or '{' or '}');
}
