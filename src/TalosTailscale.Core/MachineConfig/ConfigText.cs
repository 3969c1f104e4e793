using System.Text;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>Configurations as bytes: strict UTF-8, so that nothing is lost between reading and writing.</summary>
public static class ConfigText
{
    private static readonly UTF8Encoding s_strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    /// <summary>Decodes a configuration or patch; a byte order mark stays in the text and comes out again.</summary>
    /// <param name="bytes">The bytes as they were read.</param>
    /// <param name="name">The name of the file, for messages.</param>
    /// <returns>The text.</returns>
    /// <exception cref="TsException"><see cref="MachineConfigErrors.ConfigNotUtf8"/>.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string name)
    {
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw MachineConfigErrors.ConfigNotUtf8.New(
                $"'{name}' found bytes at offset {e.Index} that are no UTF-8, expected UTF-8 text.",
                name,
                e
            );
        }
    }

    /// <summary>The bytes of a text, as <see cref="Decode"/> read them.</summary>
    /// <param name="text">The text.</param>
    /// <returns>UTF-8 without an added mark.</returns>
    public static byte[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encoding.UTF8.GetBytes(text);
    }
}
