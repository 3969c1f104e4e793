using System.Management.Automation;
using System.Security;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Commands;

/// <summary>Reads a secret by SecretManagement's Get-Secret in the caller's runspace, where its vaults are registered.</summary>
internal static class SessionVault
{
    private static readonly string s_script = "param($Name) Get-Secret -Name $Name -ErrorAction Stop";

    /// <summary>Reads it; called on the pipeline thread.</summary>
    /// <param name="commands">The cmdlet's InvokeCommand.</param>
    /// <param name="name">The name of the secret.</param>
    /// <exception cref="TsException">AuthKeyNotFound.</exception>
    public static string Read(CommandInvocationIntrinsics commands, string name)
    {
        try
        {
            var values = commands.InvokeScript(useLocalScope: true, ScriptBlock.Create(s_script), null, name);
            var text =
                values.Count == 1
                    ? values[0]?.BaseObject switch
                    {
                        SecureString secret => SecretText.Of(secret),
                        PSCredential credential => SecretText.Of(credential.Password),
                        string plain => plain,
                        _ => null,
                    }
                    : null;
            Redactor.Register(text);
            return text
                ?? throw TailnetErrors.AuthKeyNotFound.New(
                    $"The vault gave {values.Count} values for 'vault:{name}'; one text was expected.",
                    $"vault:{name}"
                );
        }
        catch (RuntimeException e)
        {
            throw TailnetErrors.AuthKeyNotFound.New(
                $"Get-Secret could not read 'vault:{name}': {e.Message}",
                $"vault:{name}",
                e,
                "Install Microsoft.PowerShell.SecretManagement, register a vault and check the name with Get-SecretInfo."
            );
        }
    }
}
