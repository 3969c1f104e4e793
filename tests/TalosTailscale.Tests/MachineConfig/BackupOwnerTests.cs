using System.Management.Automation;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>A backup knows its machine: it goes back onto that one without being named, and onto no other.</summary>
public sealed class BackupOwnerTests
{
    private static string Patch(string nodes) =>
        $"Set-TalosMachinePatch {nodes} 'machine: {{nodeLabels: {{rack: b}}}}' -Confirm:$false";

    [Fact]
    public async Task A_backup_of_another_node_is_refused_whatever_the_file_is_called()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string backup = Patched(lab, "ryzen").BackupPath!;
        string before = lab.Lab.Node("altra").ActiveConfig.Text;
        string copy = Path.Combine(lab.Client.Folder, "altra-20261129T000000Z" + MachineConfigBackup.Suffix);
        File.Copy(backup, copy);

        foreach (string path in new[] { backup, copy })
        {
            ErrorRecord error = Restore(lab, "altra", path).AssertError("BackupOfAnotherMachine");
            Assert.Contains("it is of 'ryzen', machine ", error.Exception.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, lab.Lab.Node("altra").ActiveConfig.Text);
        PowerShellResult forced = Restore(lab, "altra", backup, "-Force -WhatIf");
        forced.AssertNoErrors();
        Assert.Contains(forced.Warnings, text => text.Contains("it is of 'ryzen'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_path_it_is_the_nodes_own_newest_and_a_second_time_changes_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string before = lab.Lab.Node("altra").ActiveConfig.Text;
        Patched(lab, "altra");
        Patched(lab, "ryzen");

        MachinePatchResult back = lab.Invoke("Restore-TalosMachineConfig altra -Confirm:$false")
            .Single<MachinePatchResult>();
        Assert.True(back.Applied);
        Assert.Equal(before, lab.Lab.Node("altra").ActiveConfig.Text);

        MachinePatchResult again = lab.Invoke("Restore-TalosMachineConfig altra -Confirm:$false")
            .Single<MachinePatchResult>();
        Assert.False(again.Changed);
        Assert.Equal(before, lab.Lab.Node("altra").ActiveConfig.Text);

        // What was there before going back is a backup too, by name.
        Assert.True(Restore(lab, "altra", back.BackupPath!).Single<MachinePatchResult>().Applied);
        Assert.Contains("rack: b", lab.Lab.Node("altra").ActiveConfig.Text, StringComparison.Ordinal);
        lab.Invoke("Restore-TalosMachineConfig ampone -Confirm:$false").AssertError("MachineConfigBackupNotFound");
    }

    /// <summary>
    /// Files of before the first line told the machine, and of other tools. The facts of the third case are those of
    /// aws/eks-anywhere#6783: what was kept of w01 is restored on w02, and its nodes are called after w01.
    /// </summary>
    [Theory]
    [InlineData("altra", "", "", null)]
    [InlineData("copied", "", "", null)]
    [InlineData("ryzen", "", "", "its name says that it is of 'ryzen'")]
    [InlineData("altra", "hostname: talos-192-168-1-85", "hostname: w01", "its host name is 'w01'")]
    [InlineData("altra", "type: controlplane", "type: worker", "its machine type is 'worker'")]
    [InlineData(
        "altra",
        "{secret}",
        "c2VjcmV0IG9mIGFub3RoZXIgY2x1c3Rlcg==",
        "another cluster (cluster.secret differs)"
    )]
    [InlineData(
        "copied",
        "auto: \"off\"\nhostname: talos-192-168-1-85",
        "auto: stable",
        "nothing in it says of which machine"
    )]
    public async Task An_older_file_is_held_against_what_tells_machines_apart(
        string name,
        string from,
        string to,
        string? doubt
    )
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode node = lab.Lab.Node("altra");
        string text = node.ActiveConfig.Text;
        string found = from == "{secret}" ? Value(text, "secret") : from;
        if (found.Length > 0)
            Assert.Contains(found, text, StringComparison.Ordinal);
        string file = name == "copied" ? "copied.yaml" : name + "-20260101T000000Z" + MachineConfigBackup.Suffix;
        string path = lab.Client.AddFile(file, found.Length > 0 ? text.Replace(found, to) : text);

        PowerShellResult result = Restore(lab, "altra", path, "-WhatIf");

        if (doubt is null)
            result.AssertNoErrors();
        else
            Assert.Contains(
                doubt,
                result.AssertError("BackupOfAnotherMachine").Exception.Message,
                StringComparison.Ordinal
            );
        Assert.DoesNotContain("c2VjcmV0", result.AllText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_line_that_somebody_wrote_in_says_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string backup = Patched(lab, "altra").BackupPath!;
        string config = File.ReadAllText(backup);
        string[] broken =
        [
            "# TalosTailscale backup: {\"node\":\"altra\"\n",
            "# TalosTailscale backup: " + new string('[', 200_000) + "\n",
            "# TalosTailscale backup: null\n",
        ];
        string rest = config[(config.IndexOf('\n', StringComparison.Ordinal) + 1)..]
            .Replace("auto: \"off\"\nhostname: talos-192-168-1-85", "auto: stable", StringComparison.Ordinal);
        foreach (string line in broken)
        {
            File.WriteAllText(backup, line + rest);
            Restore(lab, "altra", backup).AssertError("BackupOfAnotherMachine");
        }
    }

    [Fact]
    public async Task Each_node_of_a_pipeline_gets_its_own_backup()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string[] before = [.. lab.Lab.Nodes.Select(node => node.ActiveConfig.Text)];
        lab.Invoke("$r = " + Patch("altra, ryzen, ampone")).AssertNoErrors();

        lab.Invoke("$r | Restore-TalosMachineConfig -Confirm:$false").AssertNoErrors();

        Assert.Equal(before, lab.Lab.Nodes.Select(node => node.ActiveConfig.Text));
    }

    [Fact]
    public async Task Tab_completes_with_the_nodes_own_backups_newest_first()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string own = Patched(lab, "altra").BackupPath!;
        Patched(lab, "ryzen");
        lab.Invoke("Restore-TalosMachineConfig altra -Confirm:$false").AssertNoErrors();
        string folder = Path.GetDirectoryName(own)!;

        CommandCompletion found = Complete(
            lab,
            $"Restore-TalosMachineConfig altra -BackupFolder '{folder}' -BackupPath "
        );

        Assert.Equal(2, found.CompletionMatches.Count);
        Assert.EndsWith("before a restore", found.CompletionMatches[0].ToolTip, StringComparison.Ordinal);
        Assert.Equal(own, found.CompletionMatches[1].CompletionText.Trim('\''));
        Assert.EndsWith("before a patch", found.CompletionMatches[1].ToolTip, StringComparison.Ordinal);
        CommandCompletion none = Complete(lab, $"Restore-TalosMachineConfig x -BackupFolder '{folder}' -BackupPath ");
        Assert.DoesNotContain(none.CompletionMatches, match =>
            match.ToolTip.Contains("altra", StringComparison.Ordinal)
        );
    }

    private static CommandCompletion Complete(LabSession lab, string line)
    {
        using var shell = PowerShell.Create(lab.Session.Runspace);
        return CommandCompletion.CompleteInput(line, line.Length, null, shell);
    }

    private static MachinePatchResult Patched(LabSession lab, string node) =>
        lab.Invoke(Patch(node)).Single<MachinePatchResult>();

    private static PowerShellResult Restore(
        LabSession lab,
        string node,
        string path,
        string more = "-Confirm:$false"
    ) => lab.Invoke($"param($p) Restore-TalosMachineConfig {node} $p {more}", ("p", path));

    private static string Value(string text, string key)
    {
        string line = text.Split('\n').First(one => one.TrimStart().StartsWith(key + ": ", StringComparison.Ordinal));
        return line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..];
    }
}
