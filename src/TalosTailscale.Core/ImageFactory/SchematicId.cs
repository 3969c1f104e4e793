using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>The id of a schematic: 64 lower case hexadecimal digits. Part of file names and addresses.</summary>
public sealed partial record SchematicId
{
    private SchematicId(string text) => Text = text;

    /// <summary>The digits.</summary>
    public string Text { get; }

    /// <summary>The id as text.</summary>
    /// <param name="id">The id.</param>
    [SuppressMessage("Usage", "CA2225:Operator overloads have named alternates", Justification = "Text.")]
    public static implicit operator string(SchematicId id) => id?.Text ?? "";

    /// <summary>Reads an id.</summary>
    /// <param name="text">The id, in either case.</param>
    /// <returns>The id.</returns>
    /// <exception cref="TsException">SchematicIdInvalid.</exception>
    public static SchematicId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lower = text.Trim().ToLowerInvariant();
        return Form().IsMatch(lower)
            ? new SchematicId(lower)
            : throw ImageFactoryErrors.SchematicIdInvalid.New(
                $"'{text}' is not a schematic id; 64 hexadecimal digits were expected.",
                text
            );
    }

    /// <summary>The id of a schematic by its canonical text: the SHA-256 of it.</summary>
    internal static string Of(string yaml) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(yaml))).ToLowerInvariant();

    /// <inheritdoc/>
    public override string ToString() => Text;

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Form();
}
