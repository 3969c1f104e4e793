using TalosTailscale.Lab;

namespace TalosTailscale.Tests.Lab;

/// <summary>Temporary folders of labs: gone when the lab ends, also when another one was killed.</summary>
public sealed class LabFolderTests
{
    [Fact]
    public void Only_the_folder_of_a_dead_lab_is_swept()
    {
        var parent = Directory.CreateTempSubdirectory("lab-folder-test-").FullName;
        var young = Make(parent, "talostailscale-lab-young", marked: true);
        var dead = Make(parent, "talostailscale-lab-dead", marked: true);
        var live = Make(parent, "talostailscale-lab-live", marked: true);
        var kept = Make(parent, "talostailscale-lab-kept", marked: false);
        var other = Make(parent, "something-else", marked: true);
        using (new FileStream(Path.Combine(live, ".in-use"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            LabFolder.Sweep(parent, DateTime.UtcNow);
            Assert.All([young, dead, live, kept, other], folder => Assert.True(Directory.Exists(folder)));

            LabFolder.Sweep(parent, DateTime.UtcNow.AddHours(1));
        }

        Assert.Equal(
            [false, false, true, true, true],
            new[] { young, dead, live, kept, other }.Select(Directory.Exists)
        );
        Directory.Delete(parent, recursive: true);
    }

    [Fact]
    public async Task A_lab_leaves_nothing_unless_told_to()
    {
        var gone = await LabCluster.StartAsync(
            new LabOptions { Nodes = [LabNodeOptions.Runbook[0]] },
            TestContext.Current.CancellationToken
        );
        Assert.True(File.Exists(Path.Combine(gone.Folder, ".in-use")));
        await gone.DisposeAsync();
        Assert.False(Directory.Exists(gone.Folder));

        var kept = await LabCluster.StartAsync(
            new LabOptions { Nodes = [LabNodeOptions.Runbook[0]], KeepFolder = true },
            TestContext.Current.CancellationToken
        );
        await kept.DisposeAsync();
        Assert.True(Directory.Exists(kept.Folder));
        Assert.False(File.Exists(Path.Combine(kept.Folder, ".in-use")));
        Directory.Delete(kept.Folder, recursive: true);
    }

    private static string Make(string parent, string name, bool marked)
    {
        var folder = Directory.CreateDirectory(Path.Combine(parent, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "data"), "x");
        if (marked)
            File.WriteAllText(Path.Combine(folder, ".in-use"), "");
        return folder;
    }
}
