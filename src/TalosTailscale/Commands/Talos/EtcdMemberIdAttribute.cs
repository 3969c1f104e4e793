using System.Globalization;
using System.Management.Automation;

namespace TalosTailscale.Commands;

/// <summary>Lets a member's id be given as etcd and talosctl print it, in hexadecimal text; a number is a number.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EtcdMemberIdAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is not string text)
            return inputData;
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            digits = digits[2..];
        return ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong id)
            ? id
            : throw new ArgumentTransformationMetadataException(
                $"'{text}' is not the id of an etcd member; expected up to 16 hexadecimal digits."
            );
    }
}
