using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Images;

/// <summary>
/// A Talos version as tags have it (<c>v1.12.4</c>, <c>v1.14.0-rc.1</c>): semantic versioning with a v. Part of file names,
/// addresses and image references, so nothing else can be one.
/// </summary>
public sealed partial record VersionTag
{
    private VersionTag(string text) => Text = text;

    /// <summary>The tag, with its v.</summary>
    public string Text { get; }

    /// <summary>The tag as text.</summary>
    /// <param name="tag">The tag.</param>
    [SuppressMessage("Usage", "CA2225:Operator overloads have named alternates", Justification = "Text.")]
    public static implicit operator string(VersionTag tag) => tag?.Text ?? "";

    /// <summary>Reads a version.</summary>
    /// <param name="text">With or without its v.</param>
    /// <returns>The tag.</returns>
    /// <exception cref="TsException">VersionTagInvalid.</exception>
    public static VersionTag Parse(string text) =>
        TryParse(text)
        ?? throw ImageErrors.VersionTagInvalid.New(
            $"'{text}' is not a Talos version; the form 'v1.12.4' was expected.",
            text
        );

    /// <summary>Reads a version; null for what is none.</summary>
    /// <param name="text">With or without its v.</param>
    /// <returns>The tag.</returns>
    public static VersionTag? TryParse(string? text)
    {
        var trimmed = (text ?? "").Trim();
        return Form().IsMatch(trimmed) ? new VersionTag(trimmed[0] == 'v' ? trimmed : "v" + trimmed) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    [GeneratedRegex(
        @"\Av?\d{1,5}\.\d{1,5}\.\d{1,5}(-[0-9A-Za-z-]{1,64}(\.[0-9A-Za-z-]{1,64}){0,8})?\z",
        RegexOptions.CultureInvariant | RegexOptions.ECMAScript,
        1000
    )]
    private static partial Regex Form();
}
