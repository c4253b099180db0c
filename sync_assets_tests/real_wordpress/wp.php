<?php
/**
 * One operation on a WordPress, asked as JSON and answered as JSON.
 *
 *     php wp.php DOCROOT  <<<'{"operation": "trash", "arguments": {"id": 12}}'
 *
 * The answer is {"result": …}. A failure ends with status 1 and its message on standard error.
 */

$request = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
$_SERVER += [
    'HTTP_HOST' => 'localhost', 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/',
    'SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1',
];
if ($request['operation'] === 'install') {
    define('WP_INSTALLING', true);
}
// A site in maintenance can still be driven. WordPress takes up hooks that were set before it loads.
$wp_filter['enable_maintenance_mode'][10]['drive'] = [
    'function' => fn() => false, 'accepted_args' => 0,
];

ob_start(); // Whatever WordPress says on the way is not the answer.
require $argv[1] . '/wp-load.php';
foreach (['upgrade', 'post', 'image', 'media', 'user', 'taxonomy'] as $file) {
    require_once ABSPATH . "wp-admin/includes/$file.php";
}
require __DIR__ . '/seed.php';

/** The value itself, unless WordPress refused. */
function made($value)
{
    if (is_wp_error($value)) {
        throw new RuntimeException($value->get_error_message());
    }
    if ($value === false || $value === null || $value === 0) {
        throw new RuntimeException('WordPress gave ' . var_export($value, true));
    }
    return $value;
}

/** Writes the parts of a post that are not columns of its row. */
function dress(int $id, array $a): int
{
    foreach ($a['terms'] ?? [] as $taxonomy => $terms) {
        made(wp_set_object_terms($id, $terms, $taxonomy));
    }
    foreach ($a['meta'] ?? [] as $key => $value) {
        update_post_meta($id, $key, wp_slash($value));
    }
    return $id;
}

function taxonomy_of(int $term): string
{
    return made(get_term($term))->taxonomy;
}

function user_id(string $login): int
{
    return made(get_user_by('login', $login))->ID;
}

$operations = [
    'install' => function (array $a) {
        // WordPress would try out its pretty permalinks by requests to itself.
        add_filter('pre_option_permalink_structure', fn() => '/%postname%/');
        wp_install($a['title'], 'admin', 'admin@example.org', true, '', wp_generate_password());
        remove_all_filters('pre_option_permalink_structure');
        update_option('permalink_structure', '/%postname%/');
        update_option('timezone_string', $a['timezone']);
    },
    'seed' => fn(array $a) => seed($a),
    'create_post' => fn(array $a) => dress(made(wp_insert_post(wp_slash($a['row']), true)), $a),
    'edit_post' => fn(array $a) => dress(
        made(wp_update_post(wp_slash(['ID' => $a['id'], 'edit_date' => true] + $a['row']), true)), $a
    ),
    'dress_post' => fn(array $a) => dress($a['id'], $a),
    'set_modified' => function (array $a) use ($wpdb) {
        $columns = ['post_modified' => get_date_from_gmt($a['utc']), 'post_modified_gmt' => $a['utc']];
        $wpdb->update($wpdb->posts, $columns, ['ID' => $a['id']]);
    },
    'trash' => fn(array $a) => made(wp_trash_post($a['id']))->ID,
    'untrash' => fn(array $a) => made(wp_untrash_post($a['id']))->ID,
    'delete' => fn(array $a) => made(wp_delete_post($a['id'], true))->ID,
    'set_sticky' => fn(array $a) => $a['on'] ? stick_post($a['id']) : unstick_post($a['id']),
    'add_media' => fn(array $a) => add_media($a),
    'create_term' => fn(array $a) => made(
        wp_insert_term(wp_slash($a['name']), $a['taxonomy'], wp_slash($a['row']))
    )['term_id'],
    'edit_term' => fn(array $a) => made(
        wp_update_term($a['id'], taxonomy_of($a['id']), wp_slash($a['row']))
    )['term_id'],
    'delete_term' => fn(array $a) => made(wp_delete_term($a['id'], taxonomy_of($a['id']))),
    'update_term_meta' => fn(array $a) => update_term_meta($a['id'], $a['key'], wp_slash($a['value'])),
    'set_options' => function (array $a) {
        foreach ($a['options'] as $name => $value) {
            update_option($name, $value);
        }
        delete_option('rewrite_rules'); // The next request writes them anew, with the new options.
    },
    'create_user' => fn(array $a) => made(wp_insert_user([
        'user_login' => $a['username'], 'user_pass' => wp_generate_password(), 'role' => $a['role'],
        'user_email' => $a['username'] . '@example.org',
    ])),
    'create_application_password' => function (array $a) {
        [$password, $item] = made(WP_Application_Passwords::create_new_application_password(
            user_id($a['username']), ['name' => $a['name']]
        ));
        return ['password' => WP_Application_Passwords::chunk_password($password), 'uuid' => $item['uuid']];
    },
    'revoke_application_passwords' => fn(array $a) => made(
        WP_Application_Passwords::delete_all_application_passwords(user_id($a['username']))
    ),
];

if ($request['operation'] !== 'install') {
    wp_set_current_user(user_id('admin')); // Who may write unfiltered HTML.
}
$result = $operations[$request['operation']]($request['arguments']);
ob_end_clean();
echo json_encode(['result' => $result], JSON_THROW_ON_ERROR);
