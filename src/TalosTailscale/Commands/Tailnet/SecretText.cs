using System.Net;
using System.Security;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Commands;

/// <summary>Takes the text out of the types in which PowerShell carries secrets, and makes it known to the redactor.</summary>
internal static class SecretText
{
    public static string Of(SecureString secret)
    {
        var text = new NetworkCredential("", secret).Password;
        Redactor.Register(text);
        return text;
    }
}
