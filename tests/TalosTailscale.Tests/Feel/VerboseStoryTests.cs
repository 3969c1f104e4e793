using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>Under -Verbose a stranger reads what was decided and done: the node, the step, what came of it.</summary>
public sealed class VerboseStoryTests
{
    [Fact]
    public async Task Rendering_patch_download_and_swap_tell_their_story()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult patched = lab.Invoke(
            """
            param($key) Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru -Verbose | Set-TalosMachinePatch -Verbose
            """,
            ("key", lab.KeyReference)
        );
        patched.AssertNoErrors();
        Tells(
            patched,
            "ampone: wrote '",
            "only its owner can read it.",
            "ampone: patches in their order: tailscale-extension-service.yaml",
            "ampone: read the active configuration",
            "ampone: the node would take it",
            "ampone: the configuration as it was, with the cluster's secrets, is in '",
            "ampone: the active configuration, read again, is the one that was sent."
        );

        PowerShellResult swapped = lab.Invoke(
            """
            param($folder)
            New-TalosSchematic -Extension siderolabs/tailscale | Save-TalosImage -Node ampone -Kind Uki -Destination $folder -Verbose |
                Invoke-UkiSwap ampone -Reboot -Wait -Confirm:$false -Verbose
            """,
            ("folder", lab.Client.Folder)
        );
        swapped.AssertNoErrors();
        Tells(
            swapped,
            "GET http://",
            "is what was asked for: Talos v",
            "ampone: boots 'Talos-v1.12.4.efi' of /dev/",
            "gates hold.",
            "ampone: the chosen image is on the partition as '",
            "ampone: 'Talos-v1.12.4.efi' is the chosen image now; what was there before is '",
            "ampone: restart begun by power cycle",
            "ampone: stage running, ready"
        );
        Assert.Contains(swapped.Progress, record =>
            record.Activity.StartsWith("Downloading image", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(lab.Lab.Options.AuthKey, patched.AllText() + swapped.AllText(), StringComparison.Ordinal);
    }

    // In this order, with whatever else between.
    private static void Tells(PowerShellResult result, params string[] story)
    {
        string text = string.Join('\n', result.Verbose);
        int at = 0;
        foreach (string part in story)
        {
            int found = text.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"'{part}' is not told, or not in its turn, in:\n{text}");
            at = found + part.Length;
        }
    }
}
